@echo off
rem Installs Changes for you: plugin, command and the program without a host.
rem   install.cmd               into %LOCALAPPDATA%\Programs
rem   install.cmd --uninstall   removes it again; projects and charts stay
setlocal
set "from=%~dp0"
set "programs=%LOCALAPPDATA%\Programs"
set "clap=%programs%\Common\CLAP"
set "vst3=%programs%\Common\VST3"
set "own=%programs%\Changes"

if /i "%~1"=="--uninstall" goto uninstall
if not "%~1"=="" goto usage

for %%d in ("%clap%" "%vst3%" "%own%") do if not exist %%d mkdir %%d
copy /y "%from%plugin\Changes.clap" "%clap%\Changes.clap" >nul || goto failed
if exist "%vst3%\Changes.vst3" rmdir /s /q "%vst3%\Changes.vst3" || goto failed
xcopy /e /i /y /q "%from%plugin\Changes.vst3" "%vst3%\Changes.vst3" >nul || goto failed
xcopy /e /i /y /q "%from%bin" "%own%" >nul || goto failed
xcopy /e /i /y /q "%from%doc" "%own%\doc" >nul || goto failed
echo Installed the plugin in %clap% and %vst3%
echo and changes.exe and changes-standalone.exe in %own%
exit /b 0

:uninstall
if exist "%clap%\Changes.clap" del /q "%clap%\Changes.clap" || goto failed
if exist "%vst3%\Changes.vst3" rmdir /s /q "%vst3%\Changes.vst3" || goto failed
if exist "%own%" rmdir /s /q "%own%" || goto failed
echo Removed
exit /b 0

:usage
echo usage: install.cmd [--uninstall]
exit /b 2

:failed
echo Something could not be written. Is a host using the plugin? 1>&2
exit /b 1
