#!/bin/sh
# Ordinary work of a shell: pipes, redirections, substitutions, children.
cat </data/file3
for i in 1 2 3; do echo "$i" | cat; done
count=$(ls /data | wc -l)
echo "$count files" >/tmp/count
cat /tmp/count /data/none
rm /tmp/count
