# The functions come first, so that the user's aliases are not expanded in them.

# ksh93 calls this function when the prompt expands __ttydeck_mark. Unlike $(),
# that neither forks nor shows in a trace (set -x). The function writes the marks
# of a command's end: its status and its text, if the history has a new line; no
# status if the history has none, because then nothing was run; and the
# directory. Without a history, only the status is known. Several new lines may be
# those of another ksh, which shares the file.
__ttydeck_mark=
function __ttydeck_mark.get {
	typeset s=$? d=$? n=${HISTCMD:-0} f= t="${PWD-}"
	if [[ $n != 0 && $__ttydeck_n != - ]]; then
		if ((n == __ttydeck_n + 1)); then
			f=$(command hist -ln $((n - 1)) $((n - 1)) 2>/dev/null)
			f=${f#*$'\t'} f=${f//$'\n\t'/$'\n'}
			if ((${#f} > 65536)); then
				f=";hn=$n;len=${#f}"
			elif [[ -n $f ]]; then
				f=";hn=$n;cmdline_url=$(__ttydeck_escape "$f")"
			fi
		elif ((n == __ttydeck_n)) && [[ -z ${HISTCONTROL-} ]]; then
			d= f=";hn=$n"
		fi
	fi
	__ttydeck_n=$n
	[[ $t == /* ]] || t=$(command pwd; command print /) t=${t%??}
	command print -rn -- $'\e]133;D;'"${d:+$d;}aid=$__ttydeck_aid$f"$'\a\e]7;file://'"$(__ttydeck_escape "$t")"$'\a\e]133;A;aid='"$__ttydeck_aid"$'\a' >/dev/tty 2>/dev/null
	.sh.value=
	return $s
}

# __ttydeck_escape prints $1 with each byte that is special as %XX.
function __ttydeck_escape {
	typeset LC_ALL=C t="${1//\%/%25}" i h c
	t=${t//;/%3B}
	if [[ $t == *[!\ -~]* ]]; then
		for i in {1..31} {127..255}; do
			h=$(command printf %02X $i) c=$(command printf "\x$h\n.") c=${c%??}
			[[ $t != *"$c"* ]] || t=${t//"$c"/"%$h"}
		done
	fi
	command print -rn -- "$t"
}
