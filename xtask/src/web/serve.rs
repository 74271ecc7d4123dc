//! A server of static files, on loopback.

use std::fs;
use std::net::SocketAddr;
use std::path::{Component, Path, PathBuf};

use anyhow::{Result, anyhow};
use tiny_http::{Header, Method, Response};

/// A server that is already listening.
pub struct Server(tiny_http::Server);

impl Server {
    /// Listens on an address; port 0 is any free one.
    pub fn new(address: impl Into<SocketAddr>) -> Result<Self> {
        let address = address.into();
        let server = tiny_http::Server::http(address)
            .map_err(|error| anyhow!("cannot listen on {address}: {error}"))?;
        Ok(Self(server))
    }

    /// The URL of the page.
    pub fn address(&self) -> String {
        format!("http://{}/", self.0.server_addr())
    }

    /// Answers requests until [`Self::stop`]; `asked` gets the path of each.
    pub fn serve(&self, folder: &Path, asked: impl Fn(&str)) {
        for request in self.0.incoming_requests() {
            asked(request.url());
            let is_read = matches!(request.method(), Method::Get | Method::Head);
            let file = file_of(folder, request.url()).filter(|_| is_read);
            let content = file.and_then(|file| Some((fs::read(&file).ok()?, media(&file))));
            // A client that has gone needs no answer.
            let _ = match content {
                Some((bytes, media)) => request.respond(answer(bytes, 200, media)),
                None => request.respond(answer(b"not found".to_vec(), 404, "text/plain")),
            };
        }
    }

    /// Ends [`Self::serve`], from another thread.
    pub fn stop(&self) {
        self.0.unblock();
    }
}

fn answer(bytes: Vec<u8>, status: u16, media: &str) -> Response<std::io::Cursor<Vec<u8>>> {
    let headers = [
        ("Content-Type", media),
        ("X-Content-Type-Options", "nosniff"),
        // A new build shows at the next load; the service worker keeps the rest.
        ("Cache-Control", "no-cache"),
    ];
    let mut response = Response::from_data(bytes).with_status_code(status);
    for (name, value) in headers {
        if let Ok(header) = Header::from_bytes(name, value) {
            response.add_header(header);
        }
    }
    response
}

/// The file for a path, never one outside the folder.
fn file_of(folder: &Path, url: &str) -> Option<PathBuf> {
    let path = url.split(['?', '#']).next()?.trim_start_matches('/');
    let path = Path::new(if path.is_empty() { "index.html" } else { path });
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    path.components().all(is_plain).then(|| folder.join(path))
}

/// The media type of a file. Browsers compile WebAssembly while loading only with the right
/// type.
fn media(file: &Path) -> &'static str {
    match file.extension().and_then(|it| it.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("webmanifest") => "application/manifest+json",
        Some("otf") => "font/otf",
        Some("ttf") => "font/ttf",
        Some("ogg") => "audio/ogg",
        _ => "text/plain; charset=utf-8",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_outside_the_folder_is_served() {
        let folder = Path::new("/page");
        let file = |url: &str| file_of(folder, url);
        assert_eq!(file("/"), Some(folder.join("index.html")));
        assert_eq!(
            file("/fonts/Inter.otf?v=1"),
            Some(folder.join("fonts/Inter.otf"))
        );
        for url in ["/../secret", "/fonts/../../secret", "//etc/passwd/.."] {
            assert_eq!(file(url), None, "{url}");
        }
        assert_eq!(file("//etc/passwd"), Some(folder.join("etc/passwd")));
    }

    #[test]
    fn every_kind_of_file_has_its_type() {
        assert_eq!(media(Path::new("a/b_bg.wasm")), "application/wasm");
        assert!(media(Path::new("app.js")).starts_with("text/javascript"));
        assert!(media(Path::new("LICENSE")).starts_with("text/plain"));
    }
}
