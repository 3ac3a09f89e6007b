//! The functions' processes, which the emulator has started, and their end.

use std::fs::{read_dir, read_link, read_to_string};
use std::path::Path;

use rustix::process::{Pid, Signal, kill_process};

/// Tells functions apart; the template sets it to `mailhooks-` and the room's name.
const NAME_VARIABLE: &str = "AWS_SDK_UA_APP_ID=mailhooks-";

/// A running function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Function {
    pid: i32,
    /// The room's name.
    pub(super) name: String,
}

/// The processes that one emulator has started: no other is ever looked at, or killed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Functions {
    emulator: i32,
}

impl Functions {
    pub(super) fn of_emulator(emulator: i32) -> Self {
        Self { emulator }
    }

    /// Those that run at present.
    pub(super) fn running(self) -> Vec<Function> {
        let entries = read_dir("/proc").into_iter().flatten().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        pids.filter(|pid| parent(*pid) == Some(self.emulator))
            .filter_map(|pid| Some(Function { pid, name: name(pid)? }))
            .collect()
    }

    /// The one whose end of a connection has this port on loopback.
    pub(super) fn behind(self, port: u16) -> Option<Function> {
        let socket = format!("socket:[{}]", inode(port)?);
        self.running().into_iter().find(|function| {
            let files = read_dir(format!("/proc/{}/fd", function.pid)).into_iter().flatten().flatten();
            files.filter_map(|file| read_link(file.path()).ok()).any(|target| target == Path::new(&socket))
        })
    }

    /// Kills one at once, as a crash would; answers whether it was still there.
    pub(super) fn kill(self, function: &Function) -> bool {
        let pid = Pid::from_raw(function.pid).filter(|_| parent(function.pid) == Some(self.emulator));
        pid.is_some_and(|pid| kill_process(pid, Signal::KILL).is_ok())
    }
}

/// The fourth field; the second is a name in parentheses that may hold anything.
fn parent(pid: i32) -> Option<i32> {
    let stat = read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(1)?.parse().ok()
}

fn name(pid: i32) -> Option<String> {
    let environment = read_to_string(format!("/proc/{pid}/environ")).ok()?;
    environment.split('\0').find_map(|variable| variable.strip_prefix(NAME_VARIABLE)).map(str::to_owned)
}

/// The inode of the socket that is bound to a port on loopback, from `/proc/net/tcp`.
fn inode(port: u16) -> Option<String> {
    let local = format!("0100007F:{port:04X}");
    let table = read_to_string("/proc/net/tcp").ok()?;
    let line = table.lines().find(|line| line.split_whitespace().nth(1) == Some(local.as_str()))?;
    line.split_whitespace().nth(9).map(str::to_owned)
}

/// Whether any process of this machine has, or is making, a connection to an IPv4 address.
pub(super) fn is_connected_to(address: [u8; 4]) -> bool {
    let remote = format!("{:08X}:", u32::from_le_bytes(address));
    let table = read_to_string("/proc/net/tcp").unwrap_or_default();
    table.lines().any(|line| line.split_whitespace().nth(2).is_some_and(|field| field.starts_with(&remote)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_leads_to_its_process_and_its_address_is_seen() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let port = client.local_addr().unwrap().port();
        let socket = format!("socket:[{}]", inode(port).unwrap());
        let mut own = read_dir("/proc/self/fd").unwrap().flatten();
        assert!(own.any(|file| read_link(file.path()).is_ok_and(|target| target == Path::new(&socket))));
        assert!(is_connected_to([127, 0, 0, 1]));
        assert!(!is_connected_to([203, 0, 113, 9]));
    }

    #[test]
    fn only_the_emulators_children_are_functions() {
        let own = i32::try_from(std::process::id()).unwrap();
        let functions = Functions::of_emulator(own);
        assert_eq!(functions.running(), []);
        let stranger = Function { pid: 1, name: "deliver".to_owned() };
        assert!(!functions.kill(&stranger));
    }
}
