
# __ttydeck_count prints the number of the next line in the history.
__ttydeck_count() {
	set +eu
	__ttydeck_t=$(history) __ttydeck_n=-1
	__ttydeck_t=${__ttydeck_t##*"
"}
	__ttydeck_t=${__ttydeck_t#"${__ttydeck_t%%[0123456789]*}"}
	__ttydeck_n=${__ttydeck_t%%[!0123456789]*}
	echo "$((${__ttydeck_n:--1} + 1))"
}

# __ttydeck_text prints a field with the lines that the history has from number $1
# on. There are none if a line was entered twice, or none was.
__ttydeck_text() {
	__ttydeck_h="
$(history)" __ttydeck_n=$1 __ttydeck_f=';cmdline_url='
	while :; do
		__ttydeck_p="
$(printf '%4d ' "$__ttydeck_n")"
		case $__ttydeck_h in *"$__ttydeck_p"*) ;; *) return 0 ;; esac
		__ttydeck_h=${__ttydeck_h#*"$__ttydeck_p"} __ttydeck_n=$((__ttydeck_n + 1))
		command printf %s "$__ttydeck_f"
		__ttydeck_f=%0A
		__ttydeck_escape "${__ttydeck_h%%"
"*}"
	done
}
