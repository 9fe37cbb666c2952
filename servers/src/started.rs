//! Starting a server on the ports that it had before, and on others where somebody has taken one, even meanwhile.

use crate::StartError;
use crate::folder::{DataFolder, Settings};
use crate::process::{Child, Launch};

/// Ports that are tried: each may be taken between being chosen and being listened on, seconds later.
const CHOICES_MAX: u32 = 4;

/// A running server, and what it runs with.
pub(crate) struct Started {
    pub(crate) settings: Settings,
    pub(crate) launch: Launch,
    pub(crate) child: Child,
}

/// Starts what `launch` makes of the settings that the folder keeps.
pub(crate) async fn start(
    folder: &DataFolder,
    ports_wanted: usize,
    launch: impl Fn(&Settings) -> Result<Launch, StartError>,
) -> Result<Started, StartError> {
    let mut choice = 1;
    loop {
        let settings = folder.settings(ports_wanted)?;
        let launch = launch(&settings)?;
        let error = match launch.start().await {
            Ok(child) => {
                return Ok(Started {
                    settings,
                    launch,
                    child,
                });
            }
            Err(error) => error,
        };
        let is_robbed = folder.settings(ports_wanted)?.ports != settings.ports;
        if !is_robbed || choice == CHOICES_MAX {
            return Err(error);
        }
        choice += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::net::{Ipv4Addr, TcpListener};

    use super::start;
    use crate::folder::{DataFolder, Settings};
    use crate::process::Launch;
    use crate::{SearchPath, StartError, testing};

    fn says(folder: &DataFolder, text: &str) -> Launch {
        Launch {
            server: "a shell",
            program: "/bin/sh".into(),
            arguments: vec!["-c".into(), format!("echo {text}; sleep 0.1").into()],
            privileges: Vec::new(),
            environment: &[],
            search: SearchPath::of_process(),
            folder: folder.path().to_owned(),
            log: folder.log(),
            marker: "ready",
            before: |_| (),
        }
    }

    #[tokio::test]
    async fn who_loses_a_port_before_it_listens_takes_others() {
        let scratch = testing::scratch();
        let folder = DataFolder::hold(scratch.path()).unwrap();
        let thief = RefCell::new(None);
        let robbed = |settings: &Settings| {
            let is_first = thief.borrow().is_none();
            if is_first {
                let port = (Ipv4Addr::LOCALHOST, settings.ports[1]);
                *thief.borrow_mut() = Some((TcpListener::bind(port).unwrap(), settings.clone()));
            }
            Ok(says(&folder, if is_first { "taken" } else { "ready" }))
        };
        let started = start(&folder, 2, robbed).await.unwrap();
        let (_listener, before) = thief.take().unwrap();
        assert!(!started.settings.ports.contains(&before.ports[1]));
        assert_eq!(started.settings.secret, before.secret);
    }

    #[tokio::test]
    async fn who_ends_though_its_ports_are_free_has_failed() {
        let scratch = testing::scratch();
        let folder = DataFolder::hold(scratch.path()).unwrap();
        let started = start(&folder, 1, |_| Ok(says(&folder, "no"))).await;
        assert!(matches!(started, Err(StartError::Ended { .. })));
    }
}
