"""A headless Chromium, driven through its DevTools protocol on two pipes: no port, no driver, no library."""

import base64
import fcntl
import json
import os
import signal
import subprocess
import tempfile

# Those that a browser reads and writes at, as --remote-debugging-pipe has it.
COMMANDS_FD, ANSWERS_FD = 3, 4
LIMIT_SECONDS = 60

# Key: its code, its number on Windows, the text it types.
KEYS = {
    "ArrowLeft": (37, ""),
    "ArrowRight": (39, ""),
    "Backspace": (8, ""),
    "End": (35, ""),
    "Enter": (13, "\r"),
    "Escape": (27, ""),
    "Home": (36, ""),
    "Tab": (9, ""),
}


class Chromium:
    """One page. `close` ends the browser and all that it started."""

    def __init__(self, program):
        # Its sockets are there: a test's own directory is too long a path for them.
        self._directory = tempfile.TemporaryDirectory(prefix="chromium.", dir="/tmp", ignore_cleanup_errors=True)
        directory = self._directory.name
        commands_end, self._commands = os.pipe()
        self._answers, answers_end = os.pipe()
        self._log = open(os.path.join(directory, "chromium.log"), "w+", encoding="utf-8", errors="replace")

        def place_pipes():
            # First out of the way of the numbers that they are to have.
            commands, answers = (fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, ANSWERS_FD + 1) for end in (commands_end, answers_end))
            os.dup2(commands, COMMANDS_FD)
            os.dup2(answers, ANSWERS_FD)

        self._process = subprocess.Popen(
            [
                program,
                "--headless",
                "--remote-debugging-pipe",
                # The page is our own, and root has no other way.
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                f"--user-data-dir={directory}/profile",
                "about:blank",
            ],
            env={"HOME": directory, "PATH": os.environ["PATH"], "TMPDIR": directory, "LANG": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            close_fds=False,
            start_new_session=True,
            preexec_fn=place_pipes,
        )
        os.close(commands_end)
        os.close(answers_end)
        self._unread = b""
        self._number = 0
        self._session = None
        self.events = []
        signal.signal(signal.SIGALRM, self._give_up)
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(target["targetId"] for target in targets if target["type"] == "page")
        self._session = self.call("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "Accessibility"):
            self.call(domain + ".enable")

    def close(self):
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait()
        os.close(self._commands)
        os.close(self._answers)
        self._log.close()
        self._directory.cleanup()

    def _give_up(self, *_):
        raise TimeoutError(f"Chromium is silent for {LIMIT_SECONDS} s")

    def _receive(self):
        signal.alarm(LIMIT_SECONDS)
        while b"\0" not in self._unread:
            piece = os.read(self._answers, 1 << 16)
            if not piece:
                self._log.seek(0)
                raise EOFError(f"Chromium ended: {self._log.read()}")
            self._unread += piece
        signal.alarm(0)
        message, _, self._unread = self._unread.partition(b"\0")
        return json.loads(message)

    def call(self, method, **parameters):
        """What the browser answers; events that come first are kept in `events`."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def open(self, address):
        """Loads a page afresh, also where only what follows the # is new."""
        for one in ("about:blank", address):
            self._load(one)

    def _load(self, address):
        self.events.clear()
        self.call("Page.navigate", url=address)
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self._receive())

    def run(self, script):
        """The value of a JavaScript expression, once what it promises is there."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{script}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def press(self, key, times=1):
        number, text = KEYS[key]
        names = {"key": key, "code": key, "windowsVirtualKeyCode": number}
        for _ in range(times):
            self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **names)
            self.call("Input.dispatchKeyEvent", type="keyUp", **names)

    def write(self, text):
        self.call("Input.insertText", text=text)

    def prefer(self, **features):
        """CSS media features, such as prefers_color_scheme="dark"."""
        listed = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.call("Emulation.setEmulatedMedia", features=listed)

    def resize(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def picture(self):
        """The whole page as PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot", captureBeyondViewport=True)["data"])

    def accessible_nodes(self):
        """What assistive technology is told: role, name and properties of each node that is not left out."""
        nodes = self.call("Accessibility.getFullAXTree")["nodes"]
        return [
            {
                "role": node["role"]["value"],
                "name": node.get("name", {}).get("value", ""),
                "focusable": any(one["name"] == "focusable" for one in node.get("properties", [])),
            }
            for node in nodes
            if not node["ignored"]
        ]
