# The functions come first, so that the user's aliases are not expanded in them.
# They use "builtin" because the user's functions may have the names of
# builtins. Its arguments are split into words like those of any command, so
# expansions in them are quoted. The functions write to /dev/tty because the user
# may have redirected the output.

# __ttydeck_pre runs before the user's commands in PROMPT_COMMAND, which must
# find the status unchanged.
__ttydeck_pre() {
	builtin local s="$?" -
	builtin set +ux
	__ttydeck_end "$s" >/dev/tty
	__ttydeck_ran=0
	builtin return "$s"
}

# __ttydeck_end prints the marks of a command's end, with the status $1 and the
# directory.
__ttydeck_end() {
	builtin local t="${PWD-}"
	if [[ $t != /* ]]; then
		t=$(builtin pwd && builtin printf /) t=${t%??}
	fi
	__ttydeck_escape
	builtin printf '\e]133;D;%s;aid=%s\a\e]7;file://%s\a' "$1" "$__ttydeck_aid" "$t"
	builtin return "$1"
}

# __ttydeck_text prints the fields about the last line in the history, whose
# number is $1. It runs in a subshell.
__ttydeck_text() {
	builtin set +eux
	builtin unset HISTTIMEFORMAT || builtin return 0 # it is read-only
	builtin local LC_ALL=C t
	t=$(builtin history 1) t=${t#*"$1"??}
	if ((${#t} > 65536)); then
		builtin printf ';len=%d' "${#t}"
	elif [[ -n $t ]]; then
		__ttydeck_escape
		builtin printf ';cmdline_url=%s' "$t"
	fi
}

# __ttydeck_escape replaces each byte in t that is not printable ASCII, "%" and
# ";" by %XX.
__ttydeck_escape() {
	builtin local LC_ALL=C i c h
	t=${t//%/%25} t=${t//;/%3B}
	[[ $t == *[!\ -~]* ]] || builtin return 0
	# Once for each value: bash takes quadratic time for each character.
	for i in {1..31} {127..255}; do
		builtin printf -v h %02X "$i"
		builtin printf -v c "\\x$h"
		[[ $t != *"$c"* ]] || t=${t//"$c"/%$h}
	done
}

# __ttydeck_post runs after the user's commands, because themes set PS1 at each
# prompt.
__ttydeck_post() {
	builtin local s="$?" -
	builtin set +aeux # export nothing, and never end the shell
	case ${precmd_functions[*]-} in *__ttydeck_pre*) ;; *) __ttydeck_hook ;; esac
	__ttydeck_wrap
	[[ ${PS1@a} != *r* ]] || builtin printf '\e]133;A;aid=%s\a' "$__ttydeck_aid" >/dev/tty
	builtin return "$s"
}

# __ttydeck_wrap adds the marks to the prompts. These contain only names of
# variables, which children do not have. An element of __ttydeck_t is empty or
# not, according to its number; numbers may assign variables. $() forks, and its
# trace is not shown, except where the shell forbids to redirect output.
__ttydeck_wrap() {
	builtin local a b c d q=' 2>/dev/null'
	! builtin shopt -q restricted_shell || q=
	# Without __ttydeck_pre, which has not run since the command, the prompt
	# marks its end.
	a='${__ttydeck_aid:+\[${__ttydeck_t[__ttydeck_ran]:+$({ __ttydeck_end "$?"; }'$q')}\e]133;A;aid=$__ttydeck_aid\a${__ttydeck_t[(__ttydeck_last=\!-1)*0]}\]}'
	b='${__ttydeck_aid:+\[\e]133;B;aid=$__ttydeck_aid\a\]}'
	# The line that is about to run is the last one in the history, if its
	# number is new; a line that the history ignores has none of its own.
	c='${__ttydeck_aid:+\e]133;C;aid=$__ttydeck_aid;hn=\!${__ttydeck_t[(__ttydeck_ran=1)*(\!>__ttydeck_last)]:+$({ __ttydeck_text \!; }'$q')}\a${__ttydeck_t[(__ttydeck_last=\!)*0]}}'
	d='${__ttydeck_aid:+\[\e]133;A;k=s;aid=$__ttydeck_aid\a\]}'
	if [[ -o functrace && -n $(builtin trap -p DEBUG) ]]; then
		# The trap would run in $() as well.
		a='${__ttydeck_aid:+\[${__ttydeck_t[__ttydeck_ran]:+\e]133;D;$?;aid=$__ttydeck_aid\a\e]7;file://${PWD//[%;[:cntrl:]]/?}\a}\e]133;A;aid=$__ttydeck_aid\a\]}'
		c='${__ttydeck_aid:+\e]133;C;aid=$__ttydeck_aid;hn=\!\a${__ttydeck_t[(__ttydeck_ran=1)*0]}}'
	fi
	if ! builtin shopt -q promptvars; then # without $?
		a='\[\e]133;A;aid='$__ttydeck_aid'\a\]' b='\[\e]133;B;aid='$__ttydeck_aid'\a\]'
		c='\e]133;C;aid='$__ttydeck_aid';hn=\!\a' d='\[\e]133;A;k=s;aid='$__ttydeck_aid'\a\]'
	fi
	[[ ${PS0@a} == *r* ]] || case ${PS0-} in *"$c") ;; *) PS0=${PS0-} PS0=${PS0//"$c"}$c ;; esac
	[[ ${PS2@a} == *r* ]] || case ${PS2-} in *"$d"*"$b") ;; *) PS2=${PS2-} PS2=$d${PS2//"$d"}; PS2=${PS2//"$b"}$b ;; esac
	[[ ${PS1@a} == *r* ]] || case ${PS1-} in *"$a"*"$b") ;; *) PS1=${PS1-} PS1=$a${PS1//"$a"}; PS1=${PS1//"$b"}$b ;; esac
}

# __ttydeck_hook puts the two functions around the contents of PROMPT_COMMAND,
# also after a change. Their trace (set -x) is not shown, and the status that
# they return triggers neither ERR nor -e. A user's string stays in element 0,
# to which the user's assignments go.
__ttydeck_hook() {
	builtin local pre='{ { __ttydeck_pre; } && :; } >/dev/null 2>&1' post='{ { __ttydeck_post; } && :; } >/dev/null 2>&1' i
	case ${PROMPT_COMMAND-} in *__ttydeck_pre*) ;; *) PROMPT_COMMAND=$pre${PROMPT_COMMAND:+$'\n'$PROMPT_COMMAND} ;; esac
	if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 501)); then
		PROMPT_COMMAND=${PROMPT_COMMAND//$'\n'"$post"}$'\n'$post
	elif [[ ${PROMPT_COMMAND[-1]} != "$post" ]]; then
		for i in "${!PROMPT_COMMAND[@]}"; do
			[[ ${PROMPT_COMMAND[i]} != "$post" ]] || builtin unset "PROMPT_COMMAND[$i]"
		done
		PROMPT_COMMAND+=("$post")
	fi
}

# __ttydeck_install takes the status and the DEBUG trap as arguments.
__ttydeck_install() {
	if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 404)); then
		__ttydeck_warn 'bash is older than 4.4'
		builtin return "$1"
	fi
	builtin local - why=
	builtin set +aeu
	__ttydeck_aid=@NONCE@
	__ttydeck_last= __ttydeck_ran=1 __ttydeck_t=('' 1)
	builtin export -n __ttydeck_aid __ttydeck_last __ttydeck_ran
	builtin export -nf __ttydeck_pre __ttydeck_end __ttydeck_text __ttydeck_escape __ttydeck_post __ttydeck_wrap __ttydeck_hook
	if [[ -n ${bash_preexec_imported-}${__bp_imported-} ]]; then
		# bash-preexec takes anything after itself in PROMPT_COMMAND for a
		# command.
		precmd_functions=(__ttydeck_pre ${precmd_functions[@]+"${precmd_functions[@]}"} __ttydeck_post)
	elif [[ -n $2 ]]; then
		why='a DEBUG trap is set' # and would see our functions
	elif ! (PROMPT_COMMAND=); then
		why='PROMPT_COMMAND is read-only'
	elif [[ ${PROMPT_COMMAND@a} == *x* ]]; then
		why='PROMPT_COMMAND is exported' # and children do not have our functions
	elif builtin shopt -q restricted_shell; then
		why='the shell is restricted' # and does not redirect the functions' output
	else
		__ttydeck_hook
	fi
	if [[ -n $why ]]; then
		# The prompts alone do, if they can.
		__ttydeck_wrap
		if ! builtin shopt -q promptvars; then
			__ttydeck_warn "$why, and promptvars is off"
		elif [[ ${PS1@a} == *r* ]]; then
			__ttydeck_warn "$why, and PS1 is read-only"
		fi
	fi
	builtin unset -f __ttydeck_install __ttydeck_warn
	builtin return "$1"
}

# __ttydeck_warn reports why no statuses will be known.
__ttydeck_warn() {
	builtin printf '\e]133;W;aid=@NONCE@;why=%s\a' "$1" >/dev/tty
}
