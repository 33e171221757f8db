package sessions

import "strings"

// kinds maps the names of programs to kinds of holders. Names of more than 15
// bytes are listed as the kernel truncates them, too.
var kinds = map[string]Kind{
	"ttydeck": TTYDeck,

	"sshd": SSHD, "sshd-session": SSHD, "dropbear": SSHD, "tinysshd": SSHD,

	"tmux": Tmux, "tmux: server": Tmux,

	"screen": Screen, "SCREEN": Screen,

	"dtach": Detacher, "abduco": Detacher, "zellij": Detacher, "mosh-server": Detacher, "shpool": Detacher,
	"diss": Detacher, "etserver": Detacher, "etterminal": Detacher, "byobu": Detacher,

	"script": Recorder, "asciinema": Recorder, "ttyrec": Recorder, "termrec": Recorder, "tlog-rec-session": Recorder,
	"tlog-rec": Recorder, "tlog-rec-sessio": Recorder, "t-rec": Recorder, "terminalizer": Recorder, "termtosvg": Recorder,
	"ovh-ttyrec": Recorder,

	"containerd-shim": Container, "containerd-shim-runc-v2": Container, "containerd-shim-runc-v1": Container,
	"conmon": Container, "dockerd": Container, "docker": Container, "podman": Container, "crio": Container,
	"runc": Container, "crun": Container, "youki": Container, "lxc-start": Container, "lxc-attach": Container,
	"lxd": Container, "incusd": Container, "systemd-nspawn": Container, "nerdctl": Container, "runsc": Container,
	"kata-agent": Container, "apptainer": Container,

	"xterm": Terminal, "uxterm": Terminal, "urxvt": Terminal, "urxvtd": Terminal, "rxvt": Terminal, "st": Terminal,
	"gnome-terminal-server": Terminal, "gnome-terminal-": Terminal, "kgx": Terminal, "ptyxis": Terminal,
	"ptyxis-agent": Terminal, "konsole": Terminal, "yakuake": Terminal, "xfce4-terminal": Terminal,
	"mate-terminal": Terminal, "lxterminal": Terminal, "qterminal": Terminal, "terminology": Terminal,
	"tilix": Terminal, "terminator": Terminal, "guake": Terminal, "tilda": Terminal, "sakura": Terminal,
	"alacritty": Terminal, "kitty": Terminal, "foot": Terminal, "footclient": Terminal, "wezterm": Terminal,
	"wezterm-gui": Terminal, "wezterm-mux-server": Terminal, "wezterm-mux-ser": Terminal, "ghostty": Terminal,
	"contour": Terminal, "rio": Terminal, "zutty": Terminal, "warp": Terminal, "wave": Terminal, "tabby": Terminal,
	"hyper": Terminal, "cool-retro-term": Terminal, "deepin-terminal": Terminal, "io.elementary.terminal": Terminal,
	"cosmic-term": Terminal, "kmscon": Terminal, "fbterm": Terminal, "emacs": Terminal, "vim": Terminal, "nvim": Terminal,
	"code": Terminal, "codium": Terminal, "ttyd": Terminal, "gotty": Terminal,
}

// kindOf returns the kind and the name of a holder. It tries the executable's
// name first, because a process can change its own (prctl), then the process's
// name, because the executable may be an interpreter or a renamed file.
func kindOf(exe, comm string) (Kind, string) {
	exe = exe[strings.LastIndexByte(exe, '/')+1:]
	exe = strings.TrimSuffix(exe, " (deleted)") // upgraded under the running program
	for _, name := range []string{exe, comm} {
		if kind, ok := kinds[name]; ok {
			return kind, name
		}
	}
	if exe == "" || comm != "" && !strings.HasPrefix(exe, comm) {
		return Other, comm
	}
	return Other, exe
}
