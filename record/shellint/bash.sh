# The functions come first, so that the user's aliases are not expanded in them.
# They use "builtin" because the user's functions may have the names of
# builtins. They write to /dev/tty because the user may have redirected the
# output.

# __ttydeck_pre runs before the user's commands in PROMPT_COMMAND, which must
# find the status unchanged.
__ttydeck_pre() {
	builtin local s=$? t=${PWD-}
	case $t in *[%\;[:cntrl:]]*) __ttydeck_escape ;; esac
	builtin printf '\e]133;D;%s;aid=%s\a\e]7;file://%s%s\a' "$s" "$__ttydeck_aid" "${HOSTNAME-}" "$t" >/dev/tty
	builtin return "$s"
}

# __ttydeck_post runs after them, because themes set PS1 at each prompt. The
# prompts contain only names of variables, which children do not have.
__ttydeck_post() {
	builtin local s=$? n='\!' -
	builtin set +aeu # export nothing, and never end the shell
	# The number does not change for a line that the history ignores.
	__ttydeck_last=${n@P}
	[[ $__ttydeck_last != 1 || -n $(builtin history 1) ]] || __ttydeck_last=0
	__ttydeck_t=([7]=1 [8]= [9]=$'\n')
	__ttydeck_wrap
	case ${precmd_functions[*]-} in *__ttydeck_pre*) ;; *) __ttydeck_hook ;; esac
	builtin return "$s"
}

# __ttydeck_wrap adds the marks to the prompts; $1 is additional text before the
# first.
__ttydeck_wrap() {
	builtin local a b c d
	a='${__ttydeck_aid:+\['${1-}'\e]133;A;aid=$__ttydeck_aid\a\]}'
	b='${__ttydeck_aid:+\[\e]133;B;aid=$__ttydeck_aid\a\]}'
	# The line that is about to run is the last one in the history, if its
	# number is new. Only $() forks. An assignment in the pattern of an empty
	# parameter expands to nothing; __ttydeck_t is for that.
	c='${__ttydeck_aid:+\e]133;C;aid=$__ttydeck_aid;hn=\!${__ttydeck_t[(\!>__ttydeck_last)*7]:+${__ttydeck_t[8]//${__ttydeck_t[1]:=$({ HISTTIMEFORMAT= builtin history 1; } 2>/dev/null)}}${__ttydeck_t[8]//${__ttydeck_t[2]:=${__ttydeck_t[1]#*\!??}}}${__ttydeck_t[(${#__ttydeck_t[2]}>0&&${#__ttydeck_t[2]}<65536)*7]:+${__ttydeck_t[8]//${__ttydeck_t[3]:=${__ttydeck_t[2]//%/%25}}}${__ttydeck_t[8]//${__ttydeck_t[4]:=${__ttydeck_t[3]//;/%3B}}}${__ttydeck_t[8]//${__ttydeck_t[5]:=${__ttydeck_t[4]//${__ttydeck_t[9]}/%0A}}};cmdline_url=${__ttydeck_t[5]//[[:cntrl:]]/ }}}\a}'
	[[ -z ${1-} ]] || c='${__ttydeck_aid:+\e]133;C;aid=$__ttydeck_aid;hn=\!\a}'
	d='${__ttydeck_aid:+\[\e]133;A;k=s;aid=$__ttydeck_aid\a\]}'
	if ! builtin shopt -q promptvars; then
		a='\['${1-}'\e]133;A;aid='$__ttydeck_aid'\a\]' b='\[\e]133;B;aid='$__ttydeck_aid'\a\]'
		c='\e]133;C;aid='$__ttydeck_aid';hn=\!\a' d='\[\e]133;A;k=s;aid='$__ttydeck_aid'\a\]'
	fi
	case ${PS1-} in *"$a"*"$b") ;; *) PS1=${PS1-} PS1=$a${PS1//"$a"}; PS1=${PS1//"$b"}$b ;; esac
	case ${PS2-} in *"$d"*"$b") ;; *) PS2=${PS2-} PS2=$d${PS2//"$d"}; PS2=${PS2//"$b"}$b ;; esac
	case ${PS0-} in *"$c") ;; *) PS0=${PS0-} PS0=${PS0//"$c"}$c ;; esac
}

# __ttydeck_escape replaces characters in t that would end a field or a sequence
# by %XX.
__ttydeck_escape() {
	t=${t//%/%25} t=${t//;/%3B} t=${t//$'\n'/%0A}
	[[ $t == *[[:cntrl:]]* ]] || builtin return 0
	builtin local LC_ALL=C c h # work on bytes; this is slow
	while [[ $t == *[[:cntrl:]]* ]]; do
		c=${t#"${t%%[[:cntrl:]]*}"} c=${c:0:1}
		builtin printf -v h %%%02X "'$c"
		t=${t//"$c"/"$h"}
	done
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
	builtin local -
	builtin set +aeu
	__ttydeck_aid=@NONCE@
	__ttydeck_last=
	builtin export -n __ttydeck_aid __ttydeck_last
	builtin export -nf __ttydeck_pre __ttydeck_post __ttydeck_wrap __ttydeck_escape __ttydeck_hook
	if [[ -n ${bash_preexec_imported-}${__bp_imported-} ]]; then
		# bash-preexec takes anything after itself in PROMPT_COMMAND for a
		# command.
		precmd_functions=(__ttydeck_pre ${precmd_functions[@]+"${precmd_functions[@]}"} __ttydeck_post)
	elif [[ -n $2 || ${PROMPT_COMMAND+${PROMPT_COMMAND@a}} == *[rx]* ]]; then
		# A DEBUG trap would see our functions, and children that inherit
		# PROMPT_COMMAND do not have them. Expansions in the prompts avoid both.
		__ttydeck_wrap '\e]133;D;$?;aid=$__ttydeck_aid\a\e]7;file://${HOSTNAME-}${PWD//%/%25}\a'
	else
		__ttydeck_hook
	fi
	builtin unset -f __ttydeck_install
	builtin return "$1"
}
