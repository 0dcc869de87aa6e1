//! A TCP transfer: the receiver says the SHA-256 of what came.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use super::Found;
use crate::namespace::Namespace;

/// Bytes of the transfer.
const BYTES: usize = 1 << 20;
const PORT: u16 = 5001;
/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(90);

/// Sends bytes from one namespace to an address in another.
pub fn check(from: &Namespace, to: &Namespace, address: IpAddr) -> Found {
    let place = SocketAddr::new(address, PORT);
    let listener = to.within(|| TcpListener::bind(place)).map_err(words)?;
    std::thread::scope(|scope| {
        // A socket stays in the namespace in which it was made, whoever uses it.
        let receiver = scope.spawn(move || receive(&listener));
        let sent = from.within(|| send(place));
        let received = receiver
            .join()
            .unwrap_or_else(|_| Err(io::Error::other("panicked")));
        let (hash, heard, took) = sent.map_err(words)?;
        let (came, bytes) = received.map_err(words)?;
        if (came, heard) != (hash, hash) || bytes != BYTES {
            return Err(format!("{bytes} of {BYTES} bytes came, of another SHA-256"));
        }
        let rate = BYTES as f64 * 8.0 / 1e6 / took.as_secs_f64();
        let hash: String = hash[..4].iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(format!(
            "{BYTES} bytes, SHA-256 {hash}.. at both ends, {rate:.2} Mbit/s"
        ))
    })
}

type Hash = [u8; 32];

/// Sends; what was sent, what the other end says came, and how long it took.
fn send(to: SocketAddr) -> io::Result<(Hash, Hash, Duration)> {
    let mut bytes = vec![0; BYTES];
    fastrand::Rng::with_seed(1).fill(&mut bytes);
    let start = Instant::now();
    let mut stream = TcpStream::connect_timeout(&to, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(&bytes)?;
    stream.shutdown(Shutdown::Write)?;
    let mut heard = [0; 32];
    stream.read_exact(&mut heard)?;
    Ok((Sha256::digest(&bytes).into(), heard, start.elapsed()))
}

/// Receives, and answers with the hash.
fn receive(listener: &TcpListener) -> io::Result<(Hash, usize)> {
    let mut stream = accept(listener)?;
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let hash: Hash = Sha256::digest(&bytes).into();
    stream.write_all(&hash)?;
    Ok((hash, bytes.len()))
}

fn accept(listener: &TcpListener) -> io::Result<TcpStream> {
    listener.set_nonblocking(true)?;
    let start = Instant::now();
    loop {
        match listener.accept() {
            Ok((stream, _)) => return Ok(stream),
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
            Err(error) if start.elapsed() > PATIENCE => return Err(error),
            Err(_) => std::thread::sleep(Duration::from_millis(10)),
        }
    }
}

fn words(error: io::Error) -> String {
    error.to_string()
}
