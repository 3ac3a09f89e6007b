//! Finds and kills the functions' processes, which the emulator has started.

use std::fs::{read_dir, read_link, read_to_string};
use std::path::Path;

use rustix::process::{Pid, Signal, kill_process};

/// Environment variable that names the function; the template sets it to `mailhooks-` and the room's name.
const NAME_VARIABLE: &str = "AWS_SDK_UA_APP_ID=mailhooks-";

/// A running function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Function {
    pid: i32,
    /// The room's name.
    pub(super) name: String,
}

/// The ports of a connection on loopback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ends {
    pub(super) client: u16,
    pub(super) server: u16,
}

/// The processes that one emulator has started. Other processes are never read or killed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Functions {
    emulator: i32,
}

impl Functions {
    pub(super) fn of_emulator(emulator: i32) -> Self {
        Self { emulator }
    }

    /// The functions that run at present.
    pub(super) fn running(self) -> Vec<Function> {
        let entries = read_dir("/proc").into_iter().flatten().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        pids.filter(|pid| parent(*pid) == Some(self.emulator))
            .filter_map(|pid| Some(Function { pid, name: name(pid)? }))
            .collect()
    }

    /// The function at the other end of a connection on loopback.
    pub(super) fn behind(self, connection: Ends) -> Option<Function> {
        let socket = format!("socket:[{}]", inode(connection)?);
        self.running().into_iter().find(|function| {
            let files = read_dir(format!("/proc/{}/fd", function.pid)).into_iter().flatten().flatten();
            files.filter_map(|file| read_link(file.path()).ok()).any(|target| target == Path::new(&socket))
        })
    }

    /// Kills a function at once, as a crash would. Returns whether the process still existed.
    pub(super) fn kill(self, function: &Function) -> bool {
        let pid = Pid::from_raw(function.pid).filter(|_| parent(function.pid) == Some(self.emulator));
        pid.is_some_and(|pid| kill_process(pid, Signal::KILL).is_ok())
    }
}

/// The parent process is the fourth field; the second field is a name in parentheses that may contain any characters.
fn parent(pid: i32) -> Option<i32> {
    let stat = read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(1)?.parse().ok()
}

fn name(pid: i32) -> Option<String> {
    let environment = read_to_string(format!("/proc/{pid}/environ")).ok()?;
    environment.split('\0').find_map(|variable| variable.strip_prefix(NAME_VARIABLE)).map(str::to_owned)
}

/// The inode of the client's socket, from `/proc/net/tcp`. The port alone does not identify a socket: Linux gives the
/// same port to connections to several servers.
fn inode(connection: Ends) -> Option<String> {
    let [client, server] = [connection.client, connection.server].map(|port| format!("0100007F:{port:04X}"));
    let table = read_to_string("/proc/net/tcp").ok()?;
    let lines = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let mut lines = lines.filter(|fields| fields.get(1) == Some(&client.as_str()));
    lines.find(|fields| fields.get(2) == Some(&server.as_str()))?.get(9).map(|&inode| inode.to_owned())
}

/// Whether any process of this machine has or is opening a connection to an IPv4 address.
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
        let port = |address: std::io::Result<std::net::SocketAddr>| address.unwrap().port();
        let ends = Ends { client: port(client.local_addr()), server: port(client.peer_addr()) };
        let socket = format!("socket:[{}]", inode(ends).unwrap());
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
