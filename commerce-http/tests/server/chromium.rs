//! A headless Chromium of its own, with a profile of its own, gone with the value.
//!
//! It speaks the DevTools protocol over two pipes, as it does for its own tests: no port that others could reach, no
//! WebSocket, no driver. A shell puts the pipes where it looks for them, because Rust starts children with three only.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::server::Folder;

/// How long a page may take. A browser starts slowly on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Chromium {
    child: Child,
    commands: ChildStdin,
    answers: Receiver<Value>,
    next: u64,
    /// The page's session.
    session: Value,
    complaints: Vec<String>,
    /// Its profile; dropped last.
    _profile: Folder,
}

impl Chromium {
    /// Starts it, with one empty page.
    pub(crate) fn start() -> Self {
        let profile = Folder::new();
        let mut command = Command::new("sh");
        command.args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>/dev/null", "chromium"]);
        // Without its sandbox, which root cannot have; it opens nothing but our own pages.
        command.args(["--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu"]);
        command.args(["--disable-dev-shm-usage", "--no-first-run", "--no-proxy-server"]);
        command.args(["--disable-background-networking", "--disable-component-update", "--disable-sync"]);
        command.arg(format!("--user-data-dir={}", profile.join("profile").display()));
        command.env("HOME", profile.path()).env("XDG_CONFIG_HOME", profile.path());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let commands = child.stdin.take().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let (sender, answers) = channel();
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            while output.read_until(0, &mut bytes).is_ok_and(|read| read > 0) {
                bytes.pop();
                if sender.send(serde_json::from_slice(&bytes).unwrap()).is_err() {
                    return;
                }
                bytes.clear();
            }
        });
        let (session, complaints) = (Value::Null, Vec::new());
        let mut browser = Self { child, commands, answers, next: 0, session, complaints, _profile: profile };
        let page = browser.ask("Target.createTarget", &json!({"url": "about:blank"}));
        let attach = json!({"targetId": page["targetId"], "flatten": true});
        browser.session = browser.ask("Target.attachToTarget", &attach)["sessionId"].clone();
        browser.ask("Log.enable", &json!({}));
        browser.ask("Runtime.enable", &json!({}));
        browser
    }

    pub(crate) fn open(&mut self, url: &str) {
        self.ask("Page.navigate", &json!({"url": url}));
    }

    /// What the page makes of an expression; null while it has no such thing, or is being left for another.
    pub(crate) fn evaluate(&mut self, expression: &str) -> Value {
        let asked = json!({"expression": expression, "returnByValue": true});
        let answer = self.answer("Runtime.evaluate", &asked);
        if answer["error"]["message"] == "Inspected target navigated or closed" {
            return Value::Null;
        }
        assert!(answer["error"].is_null(), "{expression}: {answer}");
        answer["result"]["result"]["value"].clone()
    }

    /// Looks until the expression is true.
    pub(crate) fn until(&mut self, expression: &str) {
        let begun = Instant::now();
        while self.evaluate(expression) != true {
            if begun.elapsed() > PATIENCE {
                let shown = self.evaluate("location.href + '\\n' + document.body.innerText");
                panic!("never {expression}; the page shows {}", shown.as_str().unwrap_or("nothing"));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Types into a field, as on a keyboard, in place of what it has.
    pub(crate) fn type_into(&mut self, selector: &str, text: &str) {
        self.until(&format!("document.querySelector('{selector}') !== null"));
        self.evaluate(&format!("document.querySelector('{selector}').select()"));
        self.ask("Input.insertText", &json!({"text": text}));
        assert_eq!(self.evaluate(&format!("document.querySelector('{selector}').value")), text);
    }

    /// Presses a button, with the mouse.
    pub(crate) fn press(&mut self, selector: &str) {
        self.until(&format!("document.querySelector('{selector}') !== null"));
        let place = format!(
            "(() => {{ const it = document.querySelector('{selector}'); it.scrollIntoView({{block: 'center'}}); \
             const box = it.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; }})()"
        );
        let place = self.evaluate(&place);
        for kind in ["mousePressed", "mouseReleased"] {
            let event =
                json!({"type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1});
            self.ask("Input.dispatchMouseEvent", &event);
        }
    }

    /// What the console was told since the start: scripts that failed, and what the policy of a page forbade.
    pub(crate) fn complaints(&self) -> &[String] {
        &self.complaints
    }

    /// Sends a command and waits for its result.
    fn ask(&mut self, method: &str, parameters: &Value) -> Value {
        let mut answer = self.answer(method, parameters);
        assert!(answer["error"].is_null(), "{method}: {answer}");
        answer["result"].take()
    }

    /// Sends a command and waits for what is answered, a refusal too.
    fn answer(&mut self, method: &str, parameters: &Value) -> Value {
        self.next += 1;
        let mut command = json!({"id": self.next, "method": method, "params": parameters});
        if !self.session.is_null() {
            command["sessionId"] = self.session.clone();
        }
        let sent = self.commands.write_all(format!("{command}\0").as_bytes());
        sent.unwrap_or_else(|error| panic!("{NO_CHROMIUM} ({error})"));
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let answer = self.answers.recv_timeout(left);
            let answer =
                answer.unwrap_or_else(|error| panic!("{method} is not answered ({error}). {NO_CHROMIUM}"));
            if answer["id"] == self.next {
                return answer;
            }
            self.complaints.extend(complaint(&answer));
        }
    }
}

/// What an event has to complain of. That something was not found is for whoever looked for it to see.
fn complaint(event: &Value) -> Option<String> {
    let (told, text) = match event["method"].as_str()? {
        "Log.entryAdded" => (&event["params"]["entry"], "text"),
        "Runtime.exceptionThrown" => (&event["params"]["exceptionDetails"], "exception"),
        _ => return None,
    };
    let forbidden = told["source"] == "security" || told["source"] == "javascript" || text == "exception";
    forbidden.then(|| format!("{}: {}", told["url"], told[text]))
}

const NO_CHROMIUM: &str = "Is there a program `chromium` in PATH? `cargo xtask test` installs it as root on Debian; \
                           elsewhere install Chromium, or link your Chrome to that name";

impl Drop for Chromium {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
