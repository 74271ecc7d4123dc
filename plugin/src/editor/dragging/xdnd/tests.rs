//! A drag between two programs on an X server without a screen (`Xvfb`; without it the tests
//! say so and end).

use std::thread;

use x11rb::connection::RequestConnection;
use x11rb::protocol::xproto::{
    BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, ConfigureWindowAux, MOTION_NOTIFY_EVENT,
};

use super::*;
use testhost::xvfb::Xvfb;

/// A mouse driven through the XTEST extension.
struct Hand {
    connection: RustConnection,
    root: Window,
    opcode: u8,
}

impl Hand {
    fn new(display: &str) -> Self {
        let (connection, screen) = RustConnection::connect(Some(display)).unwrap();
        let root = connection.setup().roots[screen].root;
        let extension = connection
            .query_extension(b"XTEST")
            .unwrap()
            .reply()
            .unwrap();
        assert!(extension.present);
        Self {
            connection,
            root,
            opcode: extension.major_opcode,
        }
    }

    /// XTestFakeInput: an event of a kind, with its detail and place.
    fn fake(&self, kind: u8, detail: u8, x: i16, y: i16) {
        let mut request = [0_u8; 36];
        request[0] = self.opcode;
        request[1] = 2;
        request[2..4].copy_from_slice(&9_u16.to_ne_bytes());
        request[4] = kind;
        request[5] = detail;
        request[12..16].copy_from_slice(&self.root.to_ne_bytes());
        request[24..26].copy_from_slice(&x.to_ne_bytes());
        request[26..28].copy_from_slice(&y.to_ne_bytes());
        let slices = [std::io::IoSlice::new(&request)];
        self.connection
            .send_request_without_reply(&slices, Vec::new())
            .unwrap();
        self.connection.flush().unwrap();
        // A reply means that the server has handled the event.
        self.connection.get_input_focus().unwrap().reply().unwrap();
    }

    fn move_to(&self, x: i16, y: i16) {
        self.fake(MOTION_NOTIFY_EVENT, 0, x, y);
    }
}

/// A program with a window at 100, 100 that takes files, if `takes`. Returns the address it
/// was given. Sends on `ready` when it is there, and each time the pointer is over it.
fn target(display: String, takes: bool, ready: std::sync::mpsc::Sender<()>) -> Option<String> {
    let (connection, screen) = RustConnection::connect(Some(&display)).unwrap();
    let root = connection.setup().roots[screen].root;
    let atoms = Atoms::new(&connection).unwrap().reply().unwrap();
    let frame = connection.generate_id().unwrap();
    let window = connection.generate_id().unwrap();
    let aux = CreateWindowAux::new();
    // As under a window manager: the window that takes drops lies within a frame.
    connection
        .create_window(
            0,
            frame,
            root,
            100,
            100,
            200,
            200,
            0,
            WindowClass::INPUT_OUTPUT,
            0,
            &aux,
        )
        .unwrap();
    connection
        .create_window(
            0,
            window,
            frame,
            0,
            0,
            200,
            200,
            0,
            WindowClass::INPUT_OUTPUT,
            0,
            &aux,
        )
        .unwrap();
    connection
        .change_property32(
            PropMode::REPLACE,
            window,
            atoms.XdndAware,
            AtomEnum::ATOM,
            &[5],
        )
        .unwrap();
    let place = ConfigureWindowAux::new().x(100).y(100);
    connection.configure_window(frame, &place).unwrap();
    connection.map_window(window).unwrap();
    connection.map_window(frame).unwrap();
    connection.get_input_focus().unwrap().reply().unwrap();
    ready.send(()).unwrap();
    let say = |to: u32, kind: Atom, data: [u32; 5]| {
        let message = ClientMessageEvent::new(32, to, kind, data);
        connection
            .send_event(false, to, EventMask::NO_EVENT, message)
            .unwrap();
        connection.flush().unwrap();
    };
    let mut source = 0;
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(20) {
        let Some(event) = connection.poll_for_event().unwrap() else {
            sleep(Duration::from_millis(2));
            continue;
        };
        match event {
            Event::ClientMessage(message) => {
                let data = message.data.as_data32();
                source = data[0];
                if message.type_ == atoms.XdndPosition {
                    // The receiver may be gone.
                    let _ = ready.send(());
                    let accepts = u32::from(takes);
                    let action = atoms.XdndActionCopy;
                    say(source, atoms.XdndStatus, [window, accepts, 0, 0, action]);
                } else if message.type_ == atoms.XdndLeave {
                    return None;
                } else if message.type_ == atoms.XdndDrop {
                    connection
                        .convert_selection(
                            window,
                            atoms.XdndSelection,
                            atoms.URI_LIST,
                            atoms.XdndSelection,
                            data[2],
                        )
                        .unwrap();
                    connection.flush().unwrap();
                }
            }
            Event::SelectionNotify(notify) => {
                assert_ne!(notify.property, x11rb::NONE);
                let reply = connection
                    .get_property(false, window, notify.property, AtomEnum::ANY, 0, 1000)
                    .unwrap();
                let text = String::from_utf8(reply.reply().unwrap().value).unwrap();
                say(
                    source,
                    atoms.XdndFinished,
                    [window, 1, atoms.XdndActionCopy, 0, 0],
                );
                return Some(text);
            }
            _ => {}
        }
    }
    None
}

/// Drags a file from 10, 10 to a place. Returns how that ended, and what the other program
/// has.
fn drag_to(x: i16, y: i16, takes: bool) -> Option<(Ended, Option<String>)> {
    let server = Xvfb::start()?;
    let hand = Hand::new(&server.display);
    let (sender, ready) = std::sync::mpsc::channel();
    let display = server.display.clone();
    let other = thread::spawn(move || target(display, takes, sender));
    ready.recv().unwrap();
    hand.move_to(10, 10);
    hand.fake(BUTTON_PRESS_EVENT, 1, 0, 0);
    let display = server.display.clone();
    let source = thread::spawn(move || {
        let file = Path::new("/home/me/My Songs/Lights.mid");
        drag(file, Some(&display)).map_err(|error| error.to_string())
    });
    for step in 1..=10 {
        hand.move_to(10 + (x - 10) / 10 * step, 10 + (y - 10) / 10 * step);
        sleep(Duration::from_millis(20));
    }
    if (100..300).contains(&x) {
        ready.recv_timeout(Duration::from_secs(15)).unwrap();
    }
    sleep(Duration::from_millis(150));
    hand.fake(BUTTON_RELEASE_EVENT, 1, 0, 0);
    let ended = source.join().unwrap().unwrap();
    if ended == Ended::NotTaken && !(100..300).contains(&x) {
        return Some((ended, None));
    }
    Some((ended, other.join().unwrap()))
}

#[test]
fn a_file_is_dropped_onto_a_program_that_takes_it() {
    let Some((ended, given)) = drag_to(210, 210, true) else {
        return;
    };
    assert_eq!(ended, Ended::Dropped);
    assert_eq!(
        given.as_deref(),
        Some("file:///home/me/My%20Songs/Lights.mid\r\n")
    );
}

#[test]
fn a_program_may_refuse() {
    let Some((ended, given)) = drag_to(210, 210, false) else {
        return;
    };
    assert_eq!((ended, given), (Ended::NotTaken, None));
}

#[test]
fn nothing_is_dropped_on_the_bare_screen() {
    let Some((ended, _)) = drag_to(410, 410, true) else {
        return;
    };
    assert_eq!(ended, Ended::NotTaken);
}
