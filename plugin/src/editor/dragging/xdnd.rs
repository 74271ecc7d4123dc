//! The source's side of XDND, version 5 (freedesktop.org, *Drag-and-Drop Protocol for the X
//! Window System*).
//!
//! The button was pressed in the plugin's window, whose client holds the pointer grab as long
//! as it is down. Nothing here needs a grab too: the pointer's position and button are polled
//! every few milliseconds, and the rest is messages to the window under it.

use std::error::Error;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ClientMessageEvent, ConnectionExt, CreateWindowAux, EventMask, KeyButMask,
    PropMode, SELECTION_NOTIFY_EVENT, SelectionNotifyEvent, SelectionRequestEvent, Window,
    WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use super::Ended;
use crate::editor::url;

x11rb::atom_manager! {
    /// The names of the protocol, as atoms.
    Atoms: AtomsCookie {
        XdndAware,
        XdndProxy,
        XdndSelection,
        XdndEnter,
        XdndPosition,
        XdndStatus,
        XdndLeave,
        XdndDrop,
        XdndFinished,
        XdndActionCopy,
        TARGETS,
        URI_LIST: b"text/uri-list",
        PLAIN: b"text/plain",
        UTF8_STRING,
        CHANGES_TIME,
    }
}

/// The version of the protocol that this source speaks.
const VERSION: u32 = 5;

/// How often the pointer is polled.
const POLL: Duration = Duration::from_millis(10);

/// How long a target may take to answer before it is asked again.
const ANSWER: Duration = Duration::from_millis(300);

/// How long a target may take to fetch the file after the drop.
const FETCH: Duration = Duration::from_secs(5);

/// The longest drag: one that gets no answer is ended then.
const LONGEST: Duration = Duration::from_secs(120);

/// The keysym of Escape, which cancels a drag.
const ESCAPE: u32 = 0xff1b;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Whether there is an X server.
pub(super) fn available() -> bool {
    std::env::var_os("DISPLAY").is_some_and(|display| !display.is_empty())
}

/// No window is needed: the pointer is polled over a connection of its own.
pub(super) struct Origin;

impl Origin {
    /// Always succeeds.
    ///
    /// # Errors
    /// None here; the modules of other systems have some.
    pub(super) fn here() -> Result<Self> {
        Ok(Self)
    }

    /// Offers a file until the button is released.
    ///
    /// # Errors
    /// If the X server refuses a request.
    pub(super) fn drag(self, file: &Path) -> Result<Ended> {
        drag(file, None)
    }
}

/// Offers a file on `display` (`None`: that of the environment) until the button is released.
fn drag(file: &Path, display: Option<&str>) -> Result<Ended> {
    let (connection, screen) = RustConnection::connect(display)?;
    let root = connection.setup().roots[screen].root;
    let atoms = Atoms::new(&connection)?.reply()?;
    let window = connection.generate_id()?;
    let aux = CreateWindowAux::new()
        .override_redirect(1)
        .event_mask(EventMask::PROPERTY_CHANGE);
    connection.create_window(
        0,
        window,
        root,
        -9,
        -9,
        1,
        1,
        0,
        WindowClass::INPUT_ONLY,
        0,
        &aux,
    )?;
    let uri = url::file_url(file).ok_or("the file's path is not valid UTF-8")?;
    let mut source = Source {
        connection: &connection,
        atoms,
        root,
        window,
        uri,
        path: file.display().to_string(),
        time: 0,
        target: None,
        finished: None,
    };
    source.time = source.server_time()?;
    connection.set_selection_owner(window, atoms.XdndSelection, source.time)?;
    let escape = source.keycode(ESCAPE)?;
    let ended = source.follow(escape);
    connection.destroy_window(window)?;
    connection.flush()?;
    ended
}

/// A window that takes drops.
#[derive(Clone, Copy, Debug)]
struct Target {
    /// The window itself.
    window: Window,
    /// Where messages to it are sent: itself, or its proxy.
    to: Window,
    version: u32,
    /// Whether it takes what is offered here.
    accepts: bool,
    /// When it got the message that it still has to answer.
    asked: Option<Instant>,
    /// The pointer's position in the last message to it.
    told: Option<(i16, i16)>,
}

struct Source<'a> {
    connection: &'a RustConnection,
    atoms: Atoms,
    root: Window,
    window: Window,
    uri: String,
    path: String,
    /// The server's time when the drag began.
    time: u32,
    target: Option<Target>,
    /// Whether the target took the file, once it has said so.
    finished: Option<bool>,
}

impl Source<'_> {
    fn follow(&mut self, escape: Option<u8>) -> Result<Ended> {
        let began = Instant::now();
        loop {
            self.answer()?;
            let pointer = self.connection.query_pointer(self.root)?.reply()?;
            let called_off = began.elapsed() > LONGEST || self.is_down(escape)?;
            if called_off {
                self.leave()?;
                return Ok(Ended::NotTaken);
            }
            self.enter(self.target_at(pointer.root_x, pointer.root_y)?)?;
            self.tell((pointer.root_x, pointer.root_y))?;
            let held = pointer.mask.contains(KeyButMask::BUTTON1);
            if !held {
                return self.drop_here();
            }
            sleep(POLL);
        }
    }

    /// Ends the drag at the button's release: drops the file on the target, if there is one,
    /// and waits until the target has taken it.
    fn drop_here(&mut self) -> Result<Ended> {
        let began = Instant::now();
        while self.target.is_some_and(|target| target.asked.is_some()) && began.elapsed() < ANSWER {
            self.answer()?;
            sleep(POLL);
        }
        let Some(target) = self.target.filter(|target| target.accepts) else {
            self.leave()?;
            return Ok(Ended::NotTaken);
        };
        self.send(
            target,
            self.atoms.XdndDrop,
            [self.window, 0, self.time, 0, 0],
        )?;
        let began = Instant::now();
        while self.finished.is_none() && began.elapsed() < FETCH {
            self.answer()?;
            sleep(POLL);
        }
        // Version 4 and older do not say whether they took it.
        Ok(match self.finished {
            Some(false) => Ended::NotTaken,
            Some(true) | None => Ended::Dropped,
        })
    }

    /// The window under a position that takes drops: the outermost one that says so.
    fn target_at(&self, x: i16, y: i16) -> Result<Option<Target>> {
        let mut window = self.root;
        // Windows are nested only a few deep.
        for _ in 0..32 {
            let place = self
                .connection
                .translate_coordinates(self.root, window, x, y)?;
            let child = place.reply()?.child;
            if child == x11rb::NONE || child == self.window {
                return Ok(None);
            }
            window = child;
            let proxy = self.number(window, self.atoms.XdndProxy, AtomEnum::WINDOW.into())?;
            let to = proxy.unwrap_or(window);
            if let Some(version) = self.number(to, self.atoms.XdndAware, AtomEnum::ATOM.into())? {
                return Ok(Some(Target {
                    window,
                    to,
                    version: version.min(VERSION),
                    accepts: false,
                    asked: None,
                    told: None,
                }));
            }
        }
        Ok(None)
    }

    fn number(&self, window: Window, property: Atom, kind: Atom) -> Result<Option<u32>> {
        let cookie = self
            .connection
            .get_property(false, window, property, kind, 0, 1)?;
        // The window may be gone by now.
        let Ok(reply) = cookie.reply() else {
            return Ok(None);
        };
        Ok(reply.value32().and_then(|mut values| values.next()))
    }

    fn enter(&mut self, target: Option<Target>) -> Result<()> {
        let same = self.target.map(|it| it.window) == target.map(|it| it.window);
        if same {
            return Ok(());
        }
        self.leave()?;
        self.target = target;
        if let Some(target) = target {
            let data = [
                self.window,
                target.version << 24,
                self.atoms.URI_LIST,
                self.atoms.PLAIN,
                0,
            ];
            self.send(target, self.atoms.XdndEnter, data)?;
        }
        Ok(())
    }

    fn leave(&mut self) -> Result<()> {
        if let Some(target) = self.target.take() {
            self.send(target, self.atoms.XdndLeave, [self.window, 0, 0, 0, 0])?;
        }
        Ok(())
    }

    /// Tells the target where the pointer is; not again before it has answered.
    fn tell(&mut self, at: (i16, i16)) -> Result<()> {
        let Some(mut target) = self.target else {
            return Ok(());
        };
        let waits = target.asked.is_some_and(|since| since.elapsed() < ANSWER);
        if waits || target.told == Some(at) && target.asked.is_none() {
            return Ok(());
        }
        let place = (u32::from(at.0 as u16) << 16) | u32::from(at.1 as u16);
        let data = [self.window, 0, place, self.time, self.atoms.XdndActionCopy];
        self.send(target, self.atoms.XdndPosition, data)?;
        target.asked = Some(Instant::now());
        target.told = Some(at);
        self.target = Some(target);
        Ok(())
    }

    fn send(&self, target: Target, kind: Atom, data: [u32; 5]) -> Result<()> {
        let message = ClientMessageEvent::new(32, target.window, kind, data);
        self.connection
            .send_event(false, target.to, EventMask::NO_EVENT, message)?;
        self.connection.flush()?;
        Ok(())
    }

    /// Handles the messages that other programs have sent.
    fn answer(&mut self) -> Result<()> {
        while let Some(event) = self.connection.poll_for_event()? {
            match event {
                Event::ClientMessage(message) if message.format == 32 => {
                    let data = message.data.as_data32();
                    let Some(target) = &mut self.target else {
                        continue;
                    };
                    let ours = data[0] == target.window || data[0] == target.to;
                    if message.type_ == self.atoms.XdndStatus && ours {
                        target.accepts = data[1] & 1 == 1;
                        target.asked = None;
                    } else if message.type_ == self.atoms.XdndFinished && ours {
                        self.finished = Some(target.version < 5 || data[1] & 1 == 1);
                    }
                }
                Event::SelectionRequest(request) => self.hand_over(&request)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Writes the file's URI where another program asks for it.
    fn hand_over(&self, request: &SelectionRequestEvent) -> Result<()> {
        let atoms = &self.atoms;
        let property = if request.property == x11rb::NONE {
            request.target
        } else {
            request.property
        };
        let text = |kind: Atom, text: &str| {
            self.connection.change_property8(
                PropMode::REPLACE,
                request.requestor,
                property,
                kind,
                text.as_bytes(),
            )
        };
        let mut given = property;
        if request.target == atoms.TARGETS {
            let offered = [
                atoms.TARGETS,
                atoms.URI_LIST,
                atoms.PLAIN,
                atoms.UTF8_STRING,
            ];
            self.connection.change_property32(
                PropMode::REPLACE,
                request.requestor,
                property,
                AtomEnum::ATOM,
                &offered,
            )?;
        } else if request.target == atoms.URI_LIST {
            text(atoms.URI_LIST, &format!("{}\r\n", self.uri))?;
        } else if request.target == atoms.PLAIN || request.target == atoms.UTF8_STRING {
            text(request.target, &self.path)?;
        } else {
            given = x11rb::NONE;
        }
        let notice = SelectionNotifyEvent {
            response_type: SELECTION_NOTIFY_EVENT,
            sequence: 0,
            time: request.time,
            requestor: request.requestor,
            selection: request.selection,
            target: request.target,
            property: given,
        };
        self.connection
            .send_event(false, request.requestor, EventMask::NO_EVENT, notice)?;
        self.connection.flush()?;
        Ok(())
    }

    /// The server's time, from the event of a property change.
    fn server_time(&self) -> Result<u32> {
        self.connection.change_property8(
            PropMode::APPEND,
            self.window,
            self.atoms.CHANGES_TIME,
            AtomEnum::STRING,
            &[],
        )?;
        self.connection.flush()?;
        let began = Instant::now();
        while began.elapsed() < ANSWER {
            if let Some(Event::PropertyNotify(notify)) = self.connection.poll_for_event()? {
                return Ok(notify.time);
            }
            sleep(Duration::from_millis(1));
        }
        Ok(x11rb::CURRENT_TIME)
    }

    /// The keycode of a keysym.
    fn keycode(&self, keysym: u32) -> Result<Option<u8>> {
        let setup = self.connection.setup();
        let (low, high) = (setup.min_keycode, setup.max_keycode);
        let count = high.saturating_sub(low).saturating_add(1);
        let mapping = self.connection.get_keyboard_mapping(low, count)?.reply()?;
        let per_key = usize::from(mapping.keysyms_per_keycode).max(1);
        let found = mapping.keysyms.iter().position(|it| *it == keysym);
        Ok(found.and_then(|at| u8::try_from(at / per_key + usize::from(low)).ok()))
    }

    fn is_down(&self, keycode: Option<u8>) -> Result<bool> {
        let Some(code) = keycode else {
            return Ok(false);
        };
        let keys = self.connection.query_keymap()?.reply()?.keys;
        Ok(keys[usize::from(code / 8)] >> (code % 8) & 1 == 1)
    }
}

#[cfg(test)]
mod tests;
