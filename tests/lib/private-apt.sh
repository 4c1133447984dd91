# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# apt for suites that the machine does not use, without changing its own configuration.
#
#	private_apt_setup DIR SUITE...	make DIR an apt of its own with these suites (deb and deb-src)
#	private_apt DIR get|cache ARG...	apt-get or apt-cache with it
#
# The mirror is the one that this machine's own sources name for its release.

# private_apt_mirror RELEASE: the URI that the machine's sources give for RELEASE
private_apt_mirror() {
	# shellcheck disable=SC2016 # for apt to expand
	apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
		awk -v release="$1" '$1 == release { print $2; exit }'
}

private_apt_setup() {
	private_apt_dir=$1
	shift
	private_apt_host=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	private_apt_main=$(private_apt_mirror "$private_apt_host")
	private_apt_security=$(private_apt_mirror "$private_apt_host-security")
	if [ -z "$private_apt_main" ]; then
		echo "apt: no source of this machine offers the release '$private_apt_host'; " \
			"it takes a Debian mirror in /etc/apt/sources.list to find other suites" >&2
		return 1
	fi
	mkdir -p "$private_apt_dir/state/lists/partial" "$private_apt_dir/cache/archives/partial"
	private_apt_key=/usr/share/keyrings/debian-archive-keyring.gpg
	private_apt_option=
	[ ! -e "$private_apt_key" ] || private_apt_option=" [signed-by=$private_apt_key]"
	for private_apt_suite; do
		case $private_apt_suite in
		*-security) private_apt_uri=$private_apt_security ;;
		*) private_apt_uri=$private_apt_main ;;
		esac
		[ -n "$private_apt_uri" ] || continue
		echo "deb$private_apt_option $private_apt_uri $private_apt_suite main"
		echo "deb-src$private_apt_option $private_apt_uri $private_apt_suite main"
	done >"$private_apt_dir/sources.list"
}

# Old suites are not signed again, hence no Valid-Until; the signature itself is checked.
private_apt() {
	private_apt_dir=$1
	private_apt_tool=$2
	shift 2
	"apt-$private_apt_tool" -q \
		-o Dir::Etc::sourcelist="$private_apt_dir/sources.list" \
		-o Dir::Etc::sourceparts=/dev/null \
		-o Dir::Etc::preferencesparts=/dev/null \
		-o Dir::State="$private_apt_dir/state" \
		-o Dir::Cache="$private_apt_dir/cache" \
		-o Acquire::Languages=none \
		-o Acquire::Check-Valid-Until=false \
		-o APT::Sandbox::User=root \
		"$@"
}
