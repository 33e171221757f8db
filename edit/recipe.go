package edit

import "time"

// Recipe is a list of operations on a recording, as a person writes them: in the
// flags of a command, or in a TOML file. Places and ranges are those of package
// place, on the time line of the source, whatever other operations are in the
// Recipe. The zero Recipe changes nothing.
type Recipe struct {
	// Cut removes ranges: A..B.
	Cut []string `toml:"cut,omitempty"`
	// Keep removes everything outside its ranges.
	Keep []string `toml:"keep,omitempty"`
	// DropCommand removes commands as if they had never been run: N, /re/, failed
	// or cancelled. A shell in which commands were run has not failed, whatever its
	// status.
	DropCommand []string `toml:"drop-command,omitempty"`
	// DropExit removes the exit at the end.
	DropExit bool `toml:"drop-exit,omitempty"`
	// TidyTyping has each command typed evenly, without corrections.
	TidyTyping bool `toml:"tidy-typing,omitempty"`
	// TidyCommand has only some commands typed evenly: N or /re/.
	TidyCommand []string `toml:"tidy-command,omitempty"`
	// TypingSpeed is the time from one key to the next in a tidied line, such as
	// 60ms; "" means [DefaultTypingSpeed].
	TypingSpeed string `toml:"typing-speed,omitempty"`
	// ShortenOutput hurries through the middle of each output of more rows than
	// this; 0 changes no output.
	ShortenOutput int `toml:"shorten-output,omitzero"`

	// Speed makes ranges N times as fast: N or N@A..B.
	Speed []string `toml:"speed,omitempty"`
	// IdleTimeLimit shortens pauses to S: S or S@A..B.
	IdleTimeLimit []string `toml:"idle-time-limit,omitempty"`
	// Pause holds the frame at A for S more: S@A.
	Pause []string `toml:"pause,omitempty"`

	// Marker sets markers: A=LABEL.
	Marker []string `toml:"marker,omitempty"`
	// RenameMarker renames markers: OLD=NEW.
	RenameMarker []string `toml:"rename-marker,omitempty"`
	// RemoveMarker removes markers: a label, /re/ or all.
	RemoveMarker []string `toml:"remove-marker,omitempty"`

	// Title, unless it is nil, is the new title.
	Title *string `toml:"title,omitempty"`
	// Theme is the name of a built-in theme or of a file with one: see
	// [render.OpenTheme].
	Theme string `toml:"theme,omitempty"`
	// WindowSize is COLSxROWS: the picture is cropped or padded to it.
	WindowSize string `toml:"window-size,omitempty"`
	// Replace replaces text, on the screen and elsewhere: OLD=NEW. The caller does
	// it, with Replace of package redact; see [Plan.FilterWith].
	Replace []string `toml:"replace,omitempty"`
	// RemoveInput removes the input.
	RemoveInput bool `toml:"remove-input,omitempty"`
	// RemoveMetadata is [RemoveMetadata].
	RemoveMetadata bool `toml:"remove-metadata,omitempty"`
}

// DefaultTypingSpeed is the time from one key to the next in a tidied line.
const DefaultTypingSpeed = 60 * time.Millisecond
