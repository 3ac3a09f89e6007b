//! Shortages of our own: this function has no descriptor, no memory or no port left for a connection. They say nothing
//! about a receiver, so they are never the outcome of an attempt.

use std::error::Error;
use std::io;
use std::net::{Ipv4Addr, TcpListener};

/// The system's numbers of `ENFILE`, `EMFILE` and `ENOBUFS`, on Linux, where functions run.
const SHORTAGES: [i32; 3] = [23, 24, 105];

/// This function has no descriptor, no memory or no port left for a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this function has no descriptor, memory or port left for a connection")]
pub struct ShortageError;

/// Whether `error` has a cause that is a shortage of our own. An I/O error does not return its inner error from
/// `source`, and the inner error is often another I/O error; so `get_ref` is used.
pub(super) fn is_shortage(error: &(dyn Error + 'static)) -> bool {
    let io = error.downcast_ref::<io::Error>();
    let wrapped = io.and_then(io::Error::get_ref);
    error.is::<ShortageError>()
        || io.is_some_and(is_refused_by_the_system)
        || wrapped.is_some_and(|wrapped| is_shortage(wrapped))
        || error.source().is_some_and(is_shortage)
}

fn is_refused_by_the_system(error: &io::Error) -> bool {
    match error.kind() {
        io::ErrorKind::OutOfMemory => true,
        // The same error says that there is no way to an IPv6 address, and that is not our shortage.
        io::ErrorKind::AddrNotAvailable => no_socket_is_left(),
        _ => error.raw_os_error().is_some_and(|number| SHORTAGES.contains(&number)),
    }
}

/// Whether the system has no descriptor or no port left now. The look-up of a name does not tell why it failed, so this
/// asks the system for a socket.
pub(super) fn no_socket_is_left() -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortages_of_our_own_are_found_however_deep_they_are() {
        for number in [12, 23, 24, 105] {
            let error = || io::Error::from_raw_os_error(number);
            assert!(is_shortage(&error()), "{number}");
            assert!(is_shortage(&io::Error::other(io::Error::other(error()))), "{number}");
        }
        assert!(is_shortage(&io::Error::other(ShortageError)));
        // Address not available, although ports are left; reset, timed out, refused, unreachable.
        for number in [99, 104, 110, 111, 113] {
            assert!(!is_shortage(&io::Error::other(io::Error::from_raw_os_error(number))), "{number}");
        }
    }
}
