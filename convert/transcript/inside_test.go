//go:build unix

package transcript_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// throughSSH: a session on another host, with another prompt or the same.
func throughSSH(d *driver) {
	d.run(d.fails, "")
	for _, host := range []string{"db", "plain"} {
		d.shell("ssh -F ../ssh/config "+host, "/")
	}
	d.run("echo back", "back")
}

// asRoot: shells of root, whose prompts have the shape of root's.
func asRoot(d *driver) {
	d.run(d.fails, "")
	home, _ := os.UserHomeDir()
	d.shell("su", d.dir)
	d.shell("su -", home)
	d.shell("sudo -i", home)
	d.run("echo back", "back")
}

// inDepth: a shell in a shell in a shell.
func inDepth(d *driver) {
	d.run(d.fails, "")
	d.into("bash --norc")
	d.into("ssh -F ../ssh/config db")
	d.place("/")
	d.into("sh")
	d.place("/")
	d.into("echo deep")
	d.depth--
	d.place("/")
	d.leave()
	d.place("/")
	d.into("echo less")
	d.depth--
	d.place("/")
	d.leave()
	d.place("/")
	d.into("false")
	d.depth--
	d.leave()
	d.run("echo back", "back")
}

// inNano: a program that switches bracketed paste itself.
func inNano(d *driver) {
	d.run(d.fails, "")
	d.begin("nano alpha.txt", "Exit")
	d.setMark()
	d.press(ctrl('X'))
	d.wait(d.prompt)
	d.know("nano alpha.txt", true)
	d.run("echo back", "back")
}

// inTmux: a multiplexer, which hides what runs in it.
func inTmux(d *driver) {
	d.run(d.fails, "")
	d.begin("tmux -f /dev/null new bash --norc", "0:bash")
	d.settle(quiet)
	d.setMark()
	d.text("echo hid''den")
	d.press("\r")
	d.wait("hidden")
	d.setMark()
	d.text("exit")
	d.press("\r")
	d.wait("[exited]")
	d.untilReading()
	d.settle(quiet)
	d.run("echo back", "back")
}

// shell runs commands in the shell that command starts in dir.
func (d *driver) shell(command, dir string) {
	d.into(command)
	for _, line := range []string{"echo inside", "cd /tmp", "false"} {
		d.into(line)
		d.depth--
		d.place(dir)
		if line == "cd /tmp" {
			dir = "/tmp"
		}
	}
	d.text("rm -rf inside")
	d.setMark()
	d.press(ctrl('C')) // bash switches bracketed paste twice, then draws its prompt
	d.wait("$ ", "# ")
	d.text("echo all; sleep 100")
	d.expect("echo all; sleep 100")
	d.place(dir)
	d.setMark()
	d.press("\r")
	d.wait("all")
	d.setMark()
	d.press(ctrl('C'))
	d.wait("$ ", "# ", "\x1b[?2004h")
	d.leave()
	d.place(dir)
}

// into enters a line, and waits for any prompt, one level deeper.
func (d *driver) into(line string) {
	d.inner(line)
	d.depth++
}

// leave ends an inner shell.
func (d *driver) leave() {
	d.text("exit")
	d.expect("exit")
	d.setMark()
	d.press("\r")
	if d.depth--; d.depth > 0 {
		d.wait("$ ", "# ", "\x1b[?2004h")
	} else {
		d.wait(d.prompt)
	}
}

// place sets the directory of the last command.
func (d *driver) place(dir string) { d.want[len(d.want)-1].Dir = dir }

// serve writes the configuration of a host with its own sshd, which ssh starts. Its
// shell has a prompt of its own, or for the name plain the shortest.
func serve(home string) error {
	if err := os.WriteFile(filepath.Join(home, "work", "enter"), []byte("#!/bin/sh\nexec bash --norc\n"), 0o755); err != nil {
		return err
	}
	dir := filepath.Join(home, "ssh")
	file := func(name string) string { return filepath.Join(dir, name) }
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, key := range []string{"host", "user"} {
		if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file(key)).CombinedOutput(); err != nil {
			return fmt.Errorf("ssh-keygen: %w: %s", err, out)
		}
	}
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
		return err
	}
	config := "Host *\nUser root\nIdentityFile " + file("user") + "\nIdentitiesOnly yes\nStrictHostKeyChecking no\nUserKnownHostsFile /dev/null\nLogLevel ERROR\nRequestTTY yes\n"
	for name, prompt := range map[string]string{"db": `admin@db1:\w\$ `, "plain": "$ "} {
		config = "Host " + name + "\nProxyCommand /usr/sbin/sshd -i -f " + file(name+".server") + "\n" + config
		server := fmt.Sprintf("HostKey %s\nAuthorizedKeysFile %s.pub\nPidFile none\nStrictModes no\nUsePAM no\nPermitRootLogin yes\nPrintMotd no\n"+
			"PrintLastLog no\nForceCommand cd / && exec bash --rcfile %s -i\n", file("host"), file("user"), file(name+".rc"))
		for name, text := range map[string]string{name + ".server": server, name + ".rc": "PS1='" + prompt + "'\n"} {
			if err := os.WriteFile(file(name), []byte(text), 0o600); err != nil {
				return err
			}
		}
	}
	return os.WriteFile(file("config"), []byte(config), 0o600)
}

// inOddShells: shells that are started, and left, in other ways.
func inOddShells(d *driver) {
	d.run(d.fails, "")
	d.run("sudo echo done", "done")
	for _, command := range []string{"su -s /bin/sh nobody", "./enter", "su -s /bin/bash nobody"} {
		d.into(command)
		d.into("echo inside")
		d.depth--
		d.into("sudo -V | head -1")
		d.depth -= 2
		d.setMark()
		d.press(ctrl('D'))
		d.wait(d.prompt)
		d.run(d.fails, "")
	}
	d.begin("vim -u NONE alpha.txt", "alpha.txt")
	d.text(":sh")
	d.setMark()
	d.press("\r")
	d.wait("$ ", "# ", "\x1b[?2004h")
	d.depth++
	d.into("echo inside")
	d.depth--
	d.text("exit")
	d.expect("exit")
	d.depth--
	d.setMark()
	d.press("\r")
	d.wait("alpha")
	d.text(":q")
	d.enter()
	d.run("echo back", "back")
}
