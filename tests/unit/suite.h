/* Runs the tests of a file.
 * In:  a suite with its cases
 * Out: Check's report, of which tests/check.sh reads the last line; the exit status, 0 when all passed
 */
#ifndef SCT_TEST_SUITE_H
#define SCT_TEST_SUITE_H

#include <check.h>
#include <stdlib.h>

/* Frees the suite too. */
static inline int run_tests(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
