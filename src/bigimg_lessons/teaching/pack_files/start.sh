#!/bin/sh
# Opens the lessons with Python @PYTHON@; see README.txt.
cd "$(dirname "$0")" || exit 1
for python in python@PYTHON@ python3 python \
    "/Library/Frameworks/Python.framework/Versions/@PYTHON@/bin/python3" \
    "/opt/homebrew/bin/python@PYTHON@" "/usr/local/bin/python@PYTHON@"; do
    if "$python" -c 'import sys; sys.exit("%d.%d" % sys.version_info[:2] != "@PYTHON@")' 2>/dev/null; then
        exec "$python" start.py "$@"
    fi
done
echo "Python @PYTHON@ was not found: install it, and start this again." >&2
exit 1
