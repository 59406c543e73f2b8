# bash completion of sctrace's programs. Options are those that the program's own --help names.

_sctrace_options() { # program
	"$1" --help 2>/dev/null | sed -n 's/^  *\(-.*\)$/\1/p' | sed 's/\([^,]\)   *.*/\1/' | grep -oE -- '--[a-z][a-z-]*'
}

# The names in the section that begins with the line "$2:" of --list-formats.
_sctrace_formats() { # program section
	"$1" --list-formats 2>/dev/null | awk -v section="$2:" '/^[^ ]/ { on = $0 == section; next } on { print $1 }'
}

_sctrace() {
	local program=$1 word=$2 before=$3 words=

	COMPREPLY=()
	case $before in
	-p | --profile) words=$("${program/%info/decode}" --list-profiles 2>/dev/null | awk '{ print $1 }') ;;
	-f | --format) words=$(_sctrace_formats "$program" logs) ;;
	--trace-format) words=$(_sctrace_formats "$program" traces) ;;
	--snapshot-format) words=$(_sctrace_formats "$program" snapshots) ;;
	-l | --level) words="syscalls blocks full" ;;
	--start) words="first-syscall reset" ;;
	-j | --threads) words="1 2 4 8" ;;
	--limit) words="string= buffer= elements= total= depth=" ;;
	--pid | --tid | --asid | --process | --syscall | --buffer-limit | --read | --type) return ;;
	-s)
		if [[ $program == *sctrace-record ]]; then
			words="first-syscall reset"
		else
			mapfile -t COMPREPLY < <(compgen -f -- "$word")
			return
		fi
		;;
	-o | --output | -t | --types | --plugin | --kernel | --snapshot | --nondet) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
	--)
		mapfile -t COMPREPLY < <(compgen -c -- "${word:-qemu-}")
		return
		;;
	*)
		if [[ $word != -* ]]; then
			mapfile -t COMPREPLY < <(compgen -f -- "$word")
			return
		fi
		words=$(_sctrace_options "$program")
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -o filenames -F _sctrace sctrace-decode sctrace-record sctrace-info
