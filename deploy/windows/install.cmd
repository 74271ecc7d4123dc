@echo off
rem Installs Changes for you: plugin, command and the program without a host.
rem   install.cmd               into %LOCALAPPDATA%\Programs
rem   install.cmd --uninstall   removes it; projects and charts stay
setlocal
set "from=%~dp0"
set "programs=%LOCALAPPDATA%\Programs"
set "clap=%programs%\Common\CLAP"
set "vst3=%programs%\Common\VST3"
set "inner=Changes.vst3\Contents\x86_64-win"
set "own=%programs%\Changes"

if /i "%~1"=="--uninstall" goto uninstall
if not "%~1"=="" goto usage
if not exist "%from%plugin" goto usage

for %%d in ("%clap%" "%vst3%\%inner%" "%own%\doc") do if not exist %%d mkdir %%d
set failed=
call :put "%from%plugin\Changes.clap" "%clap%\Changes.clap"
call :put "%from%plugin\%inner%\Changes.vst3" "%vst3%\%inner%\Changes.vst3"
call :put "%from%bin\changes.exe" "%own%\changes.exe"
call :put "%from%bin\changes-standalone.exe" "%own%\changes-standalone.exe"
call :put "%from%install.cmd" "%own%\install.cmd"
call :put "%from%doc\LICENSE" "%own%\doc\LICENSE"
call :put "%from%doc\CHANGELOG.md" "%own%\doc\CHANGELOG.md"
call :put "%from%doc\Changes-third-party-notices.txt" "%own%\doc\Changes-third-party-notices.txt"
call :put "%from%doc\Changes.cdx.json" "%own%\doc\Changes.cdx.json"
if defined failed goto failed
echo Installed the plugin in %clap%
echo and %vst3%,
echo changes.exe and changes-standalone.exe in %own%
exit /b 0

rem Copied beside the target, then renamed: a host that scans meanwhile never finds half a plugin.
:put
copy /y %1 "%~2.new" >nul
if errorlevel 1 goto put_failed
move /y "%~2.new" %2 >nul
if not exist "%~2.new" exit /b 0
:put_failed
set failed=yes
if exist "%~2.new" del /q "%~2.new"
exit /b 1

:uninstall
if exist "%clap%\Changes.clap" del /q "%clap%\Changes.clap"
if exist "%clap%\Changes.clap" goto failed
if exist "%vst3%\Changes.vst3" rmdir /s /q "%vst3%\Changes.vst3"
if exist "%vst3%\Changes.vst3" goto failed
rem Only empty folders are removed; those with other programs stay.
rmdir "%clap%" 2>nul
rmdir "%vst3%" 2>nul
rmdir "%programs%\Common" 2>nul
if /i "%from%"=="%own%\" goto from_within
if exist "%own%" rmdir /s /q "%own%"
if exist "%own%" goto failed
rmdir "%programs%" 2>nul
echo Removed
exit /b 0

rem This script cannot remove itself while it runs.
:from_within
for %%f in (changes.exe changes-standalone.exe) do if exist "%own%\%%f" del /q "%own%\%%f"
if exist "%own%\doc" rmdir /s /q "%own%\doc"
echo Removed everything but this script
exit /b 0

:usage
echo usage: install.cmd [--uninstall]
echo To install, unpack the whole archive first and run it from there.
exit /b 2

:failed
echo Something could not be written or removed. Is a host using the plugin? 1>&2
exit /b 1
