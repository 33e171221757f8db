# The functions come first, so that the user's aliases are not expanded in them.
# They run in $(), so whatever they change does not stay.

# __ttydeck_count prints the number of the last line in the history, which is
# shown for each number that is too high.
function __ttydeck_count {
	typeset h
	h=$(builtin fc -l 99999999 99999999 2>/dev/null) || h=0
	builtin print -r -- "${h%%[!0-9]*}"
}

# __ttydeck_end prints the marks of a command's end: the status $1, the text if
# the last line in the history is not that of number $2, and the directory. mksh
# replaces ! in a prompt.
function __ttydeck_end {
	typeset h n t="${PWD-}"
	set +eu +U
	builtin print -rn -- $'\e]133;D;'"$1;aid=$__ttydeck_aid"
	h=$(builtin fc -l 99999999 99999999 2>/dev/null) || h=
	n=${h%%[!0-9]*} h=${h#*$'\t'}
	if [[ -z $2 || -z $n || $n = "$2" ]]; then
		:
	elif ((${#h} > 16384)); then
		builtin print -rn -- ";hn=$n;len=${#h}"
	else
		builtin print -rn -- ";hn=$n;cmdline_url="
		__ttydeck_escape "${h//$'\n\t'/$'\n'}"
	fi
	[[ $t = /* ]] || t=$(builtin pwd; builtin print /) t=${t%??}
	builtin print -rn -- $'\a\e]7;file://'
	__ttydeck_escape "$t"
	builtin print -n '\a'
	return $1
}

# __ttydeck_escape prints $1 with each byte that is special as %XX. It goes by
# pieces, because each step copies the piece.
function __ttydeck_escape {
	typeset t="$1" p
	typeset -i1 c
	typeset -Uui16 -Z5 h
	while [[ -n $t ]]; do
		p=${t:0:256} t=${t:256}
		while [[ $p = *[!a-zA-Z0-9/._\ -]* ]]; do
			builtin print -rn -- "${p%%[!a-zA-Z0-9/._\ -]*}"
			p=${p#"${p%%[!a-zA-Z0-9/._\ -]*}"}
			c="1#${p:0:1}" h=c
			builtin print -rn -- "%${h#16#}"
			p=${p:1}
		done
		builtin print -rn -- "$p"
	done
}
