@echo off
rem Opens the lessons with Python @PYTHON@; see README.txt.
cd /d "%~dp0"
for %%p in ("py -@PYTHON@" "python" "python3") do (
    %%~p -c "import sys; sys.exit('%%d.%%d' %% sys.version_info[:2] != '@PYTHON@')" >nul 2>nul && (
        %%~p start.py %*
        goto end
    )
)
echo Python @PYTHON@ was not found: install it, and start this again.
:end
pause
