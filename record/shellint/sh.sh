# The functions come first, so that the user's aliases are not expanded in them.
# They run in $(), so whatever they change does not stay.

# __ttydeck_end prints the marks of a command's end, with the status $1 and the
# directory. If $2 is a number, the lines that the history has from it on are
# the command.
__ttydeck_end() {
	set +eu
	command printf '\033]133;D;%s;aid=%s' "$1" "$__ttydeck_aid"
	[ -z "$2" ] || __ttydeck_text "$2"
	case ${PWD-} in
	/*) __ttydeck_t=$PWD ;;
	*) __ttydeck_t=$(command pwd && command echo /) __ttydeck_t=${__ttydeck_t%??} ;;
	esac
	command printf '\a\033]7;file://'
	__ttydeck_escape "$__ttydeck_t"
	command printf '\a'
	return "$1"
}

# __ttydeck_escape prints $1, with each byte that is special by %XX. There are no
# ranges, because those depend on the language.
__ttydeck_escape() {
	__ttydeck_t=$1
	while :; do
		__ttydeck_c=${__ttydeck_t%%[!abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-]*}
		command printf %s "$__ttydeck_c"
		__ttydeck_t=${__ttydeck_t#"$__ttydeck_c"}
		[ -n "$__ttydeck_t" ] || return 0
		command printf %%%02X "'${__ttydeck_t%"${__ttydeck_t#?}"}"
		__ttydeck_t=${__ttydeck_t#?}
	done
}
