# The functions come first, so that the user's aliases are not expanded in them.
# The arguments of "builtin" are quoted, because options may make zsh split them
# into words.

__ttydeck_precmd() {
	builtin local s="$?"
	builtin emulate -L zsh
	builtin local t="${PWD-}"
	if [[ $t != /* ]]; then
		t="$(builtin pwd && builtin print -n /)" t=${t%??}
	fi
	__ttydeck_escape
	builtin print -rn -- $'\e]133;D;'$s';aid='$__ttydeck_aid$'\a\e]7;file://'$t$'\a' >/dev/tty
}

# __ttydeck_prompt runs last, because themes set PS1 at each prompt.
# __ttydeck_preexec removes its marks when a command runs. It does not change a
# prompt that children inherit.
__ttydeck_prompt() {
	if [[ ! -o promptpercent || ${(t)PS1-} == *(export|readonly)* ]]; then
		builtin print -rn -- $'\e]133;A;aid='$__ttydeck_aid$'\a' >/dev/tty
		builtin return 0
	fi
	builtin emulate -L zsh
	if [[ ${PS1-} != *$__ttydeck_aid* ]]; then
		__ttydeck_was=(${PS1-} "")
		PS1=$'%{\e]133;A;aid='$__ttydeck_aid$'\a%}'${PS1-}$'%{\e]133;B;aid='$__ttydeck_aid$'\a%}'
		__ttydeck_was[2]=$PS1
	fi
	if [[ ${PS2-} != *$__ttydeck_aid* && ${(t)PS2-} != *(export|readonly)* ]]; then
		PS2=$'%{\e]133;A;k=s;aid='$__ttydeck_aid$'\a%}'${PS2-}$'%{\e]133;B;aid='$__ttydeck_aid$'\a%}'
	fi
}

__ttydeck_preexec() {
	builtin emulate -L zsh
	if [[ -n ${__ttydeck_was[2]-} && ${PS1-} == ${__ttydeck_was[2]} ]]; then
		PS1=${__ttydeck_was[1]}
	fi
	if [[ ${PS2-} == *$__ttydeck_aid* ]]; then
		PS2=${${PS2#$'%{\e]133;A;k=s;aid='$__ttydeck_aid$'\a%}'}%$'%{\e]133;B;aid='$__ttydeck_aid$'\a%}'}
	fi
	builtin setopt nomultibyte
	builtin local t="${1:-${3-}}"
	if ((${#t} > 65536)); then
		t=";len=${#t}"
	else
		__ttydeck_escape
		t=";cmdline_url=$t"
	fi
	builtin print -rn -- $'\e]133;C;aid='$__ttydeck_aid$t$'\a' >/dev/tty
	((${precmd_functions[(I)__ttydeck_precmd]-0})) || __ttydeck_hook
}

# __ttydeck_escape replaces each byte in t that is not printable ASCII, "%" and
# ";" by %XX.
__ttydeck_escape() {
	builtin setopt localoptions nomultibyte
	builtin local c
	builtin local -i i
	t=${${t//\%/%25}//;/%3B}
	[[ $t == *[^\ -~]* ]] || builtin return 0
	for i in {0..31} {127..255}; do
		c=${(#)i}
		[[ $t != *$c* ]] || t=${t//$c/%${(l:2::0:)$(([##16]i))}}
	done
}

__ttydeck_hook() {
	builtin typeset -ga precmd_functions preexec_functions
	precmd_functions=(__ttydeck_precmd ${precmd_functions:#__ttydeck_*} __ttydeck_prompt)
	preexec_functions=(${preexec_functions:#__ttydeck_*} __ttydeck_preexec)
}

# __ttydeck_install runs at the first prompt, after all of the user's files.
__ttydeck_install() {
	builtin local s="$?" trapped percent
	[[ ! -o promptpercent ]] || percent=1
	builtin emulate -L zsh
	[[ $(builtin trap) != *DEBUG* ]] || trapped=1
	builtin unfunction __ttydeck_install
	precmd_functions=(${precmd_functions:#__ttydeck_*})
	if [[ -z $trapped ]]; then
		__ttydeck_hook
		(builtin return "$s")
		__ttydeck_precmd
		[[ -z $percent ]] || builtin setopt promptpercent
		__ttydeck_prompt
	elif [[ -n $percent && ${(t)PS1-} != *(export|readonly)* ]]; then
		# A DEBUG trap would see our functions; it does not see expansions in
		# the prompt.
		PS1=$'%{\e]133;D;%?;aid='$__ttydeck_aid$'\a\e]7;kitty-shell-cwd://%d\a\e]133;A;aid='$__ttydeck_aid$'\a%}'${PS1-}$'%{\e]133;B;aid='$__ttydeck_aid$'\a%}'
	else
		builtin print -rn -- $'\e]133;W;aid='$__ttydeck_aid$';why=a DEBUG trap is set, and PS1 cannot be changed\a' >/dev/tty
	fi
}

builtin typeset -ga precmd_functions __ttydeck_was
builtin typeset -g __ttydeck_aid=@NONCE@
builtin typeset +x __ttydeck_aid
precmd_functions+=(__ttydeck_install)
