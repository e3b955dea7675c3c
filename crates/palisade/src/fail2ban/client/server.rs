//! `start`, `stop` and `restart`: the server's process.

use std::fs::File;
use std::io::{Read, Seek};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use pickle::Value;
use rustix::fs::{MemfdFlags, memfd_create};

use super::{Client, Failure, Result, say, shown};

/// Unless `--timeout` says otherwise.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(5);

impl Client<'_> {
    /// Starts the server and waits until it answers; in the foreground, becomes it.
    pub(super) fn start(&self) -> Result {
        let talk = self.talk();
        if talk.is_answered() {
            return Err(Failure::new("Server already running"));
        }
        if talk.socket.exists() && !self.options.force {
            let path = talk.socket.display();
            let why = format!(
                "Fail2ban seems to be in unexpected state (not running but the socket exists: {path}); use -x"
            );
            return Err(Failure::new(why));
        }
        self.check()?;
        if self.options.foreground {
            return Err(broken(&self.server().exec()));
        }
        // What it says before its log is open. A pipe would stay open as long as it runs.
        let mut words =
            File::from(memfd_create("errors", MemfdFlags::CLOEXEC).map_err(|error| broken(&error.into()))?);
        let errors = words.try_clone().map_err(|error| broken(&error))?;
        let mut command = self.server();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors).process_group(0);
        let mut child = command.spawn().map_err(|error| broken(&error))?;
        self.until_ready(&mut child, &mut words)?;
        say("Server ready");
        Ok(())
    }

    fn until_ready(&self, child: &mut Child, words: &mut File) -> Result {
        let started = Instant::now();
        let patience = self.options.patience.unwrap_or(PATIENCE);
        while !self.talk().is_answered() {
            let ended = !matches!(child.try_wait(), Ok(None));
            if ended || started.elapsed() > patience {
                let mut said = String::new();
                // Without its words the failure is still told.
                let _ = words.rewind().and_then(|()| words.read_to_string(&mut said));
                let what = if ended { "Could not start server" } else { "The server does not answer" };
                return Err(Failure(vec![what.into(), said.trim_end().to_owned()]));
            }
            thread::sleep(LOOK);
        }
        Ok(())
    }

    fn server(&self) -> Command {
        let target = self.options.logtarget.as_ref().or(self.settings.logtarget.as_ref());
        let pidfile = self.options.pidfile.as_ref().or(self.settings.pidfile.as_ref());
        let mut command = Command::new("/proc/self/exe");
        command.arg0("palisade").arg("run").arg("--config").arg(&self.options.config);
        command.arg("--socket").arg(self.talk().socket);
        if let Some(pidfile) = pidfile {
            command.arg("--pidfile").arg(pidfile);
        }
        if let Some(level) = &self.options.loglevel {
            command.arg("--loglevel").arg(level);
        }
        let is_elsewhere = |target: &&String| {
            target.starts_with('/') || matches!(target.as_str(), "SYSLOG" | "SYSTEMD-JOURNAL")
        };
        if let Some(target) = target.filter(is_elsewhere) {
            command.arg("--log").arg(target);
        }
        command
    }

    /// Stops the server and starts it.
    pub(super) fn restart(&self) -> Result {
        let talk = self.talk();
        if talk.is_answered() {
            let value = talk.ask(Value::texts(["stop"]))?;
            say(&shown::reply(&["stop"], &value));
        }
        self.start()
    }
}

fn broken(error: &std::io::Error) -> Failure {
    Failure::new(format!("the server does not start: {error}"))
}
