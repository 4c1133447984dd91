# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion of virsh-oopsbt. `virsh oopsbt` needs none: libvirt's completion of virsh asks
# virsh, and the front end answers.

_virsh_oopsbt()
{
	local words cword cur i=1 options=() candidates
	_get_comp_words_by_ref -n "\"'><=;|&(:" -w words -i cword
	cur=${words[cword]}
	while ((i < cword)); do
		case ${words[i]} in
		-c | --connect | -D | --directory)
			options+=("${words[i]}" "${words[i + 1]-}")
			((i += 2))
			;;
		-*)
			options+=("${words[i]}")
			((i += 1))
			;;
		*) break ;;
		esac
	done
	((i <= cword)) || return 0
	mapfile -t candidates < <("$1" "${options[@]}" complete -- "${words[@]:i:cword-i+1}" 2>/dev/null)
	COMPREPLY=("${candidates[@]}")
	__ltrim_colon_completions "$cur"
} &&
	complete -o default -F _virsh_oopsbt virsh-oopsbt
