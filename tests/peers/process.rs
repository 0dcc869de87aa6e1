//! Programs that run beside the test.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use rustix::process::{kill_process, Pid, Signal};

/// One that is killed when it is dropped.
pub struct Process {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Process {
    /// Starts it; what it says on stderr is shown.
    pub fn start(command: &mut Command) -> Process {
        let mut child = command
            .stdout(Stdio::piped())
            .stdin(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let out = child.stdout.take().map(BufReader::new).unwrap();
        Process { child, out }
    }

    /// Reads what it says until a line that contains `words`.
    pub fn wait_for(&mut self, words: &str) {
        loop {
            let mut line = String::new();
            let read = self.out.read_line(&mut line).unwrap();
            assert!(read > 0, "it ended before it said `{words}`");
            if line.contains(words) {
                return;
            }
        }
    }

    /// Asks it to end, and waits for it: what else it said.
    pub fn end(mut self) -> Vec<String> {
        let id = Pid::from_child(&self.child);
        kill_process(id, Signal::TERM).unwrap();
        let lines = (&mut self.out).lines().map_while(Result::ok).collect();
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}: {lines:?}");
        lines
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a program said on both.
pub fn said(output: &Output) -> String {
    let (out, error) = (&output.stdout, &output.stderr);
    String::from_utf8_lossy(out).into_owned() + &String::from_utf8_lossy(error)
}
