#!/bin/bash
# Checks a seal or a stamp with the openssl command (3.0 or later) and nothing else:
#   recipe.sh seal FILE.esl
#   recipe.sh stamp FILE.dat DOCUMENT
# Signatures, the document's digest, and that the signer is in the seal's list. No certificates:
# openssl 3.0 cannot check a path of SM2 with an intermediate CA. Exit 0: all good; 1: something is
# bad; 2: it cannot be read.
set -Eeuo pipefail
trap 'exit 2' ERR

signer_id=distid:1234567812345678
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0

# Into the file $1.fields: each field of the SEQUENCE in file $1, as offset, octets of the header,
# octets of the content.
split() {
  [ -e "$1.fields" ] && return
  openssl asn1parse -inform DER -in "$1" >"$work/shown"
  sed -nE 's/^ *([0-9]+):d=1 +hl=([0-9]+) +l= *([0-9]+) .*/\1 \2 \3/p' "$work/shown" >"$1.fields"
}

# How many fields the SEQUENCE in file $1 has, into $count.
count_fields() {
  split "$1"
  local lines
  mapfile -t lines <"$1.fields"
  count=${#lines[@]}
}

# Where field $2 of file $1 is, into $offset, $header and $length.
find_field() {
  split "$1"
  local lines
  mapfile -t lines <"$1.fields"
  [ "$2" -le "${#lines[@]}" ] || { echo "$1 has no field $2" >&2; exit 2; }
  read -r offset header length <<<"${lines[$2 - 1]}"
}

# Field $2 of file $1 into file $3: a SEQUENCE whole; of an OCTET STRING or BIT STRING the content.
cut_field() {
  find_field "$1" "$2"
  rm -f "$3.fields"
  # A BIT STRING has an octet for its unused bits; asn1parse does not cut what is empty after it.
  if [ "$length" -le 1 ]; then : >"$3"; return; fi
  openssl asn1parse -inform DER -in "$1" -strparse "$offset" -noout -out "$3"
}

# Field $2 of file $1 with its tag and length, to stdout.
whole_field() {
  find_field "$1" "$2"
  dd if="$1" bs=1 skip="$offset" count=$((header + length)) status=none
}

say() {
  echo "$1: $2"
  [ "$2" = good ] || bad=1
}

# What $1 says of: certificate $2, signed bytes $3, signature $4.
check_signature() {
  openssl x509 -inform DER -in "$2" -noout -pubkey -out "$work/public.pem"
  # Not `openssl dgst`: it reads no more of a signature than its greatest size, and so takes one
  # with something after it.
  if openssl pkeyutl -verify -pubin -inkey "$work/public.pem" -rawin -digest sm3 \
    -pkeyopt "$signer_id" -in "$3" -sigfile "$4" >"$work/said" 2>&1
  then say "$1" good; else say "$1" bad; fi
}

# Version 1 signs SEQUENCE { esealInfo, cert, signatureAlgorithm }, which is in no file like that.
compose_first_version() {
  local body=$work/body
  { cat "$work/info"; whole_field "$work/sign_info" 1; whole_field "$work/sign_info" 2; } >"$body"
  local size
  size=$(stat -c %s "$body")
  [ "$size" -ge 256 ] && [ "$size" -lt 65536 ] || { echo "a seal of $size octets" >&2; exit 2; }
  { printf "\\x30\\x82\\x$(printf %02x $((size / 256)))\\x$(printf %02x $((size % 256)))"; cat "$body"; }
}

check_seal() {
  cut_field "$1" 1 "$work/info"
  count_fields "$1"
  if [ "$count" -eq 2 ]; then
    cut_field "$1" 2 "$work/sign_info"
    cut_field "$work/sign_info" 1 "$work/maker"
    cut_field "$work/sign_info" 3 "$work/seal_signature"
    compose_first_version >"$work/seal_signed"
  else
    cut_field "$1" 2 "$work/maker"
    cut_field "$1" 4 "$work/seal_signature"
    cp "$work/info" "$work/seal_signed"
  fi
  check_signature "seal signature" "$work/maker" "$work/seal_signed" "$work/seal_signature"
}

# Is the certificate in file $1 one of the seal's owners? Octet by octet, or by its digest.
check_list() {
  cut_field "$work/info" 3 "$work/property"
  local place=3 number owners found=bad
  count_fields "$work/property"
  if [ "$count" -eq 7 ]; then place=4; fi
  cut_field "$work/property" "$place" "$work/list"
  openssl dgst -sm3 -binary -out "$work/signer_digest" "$1"
  count_fields "$work/list"
  for ((number = 1, owners = count; number <= owners; number++)); do
    cut_field "$work/list" "$number" "$work/entry"
    if cmp -s "$work/entry" "$1"; then found=good; fi
    count_fields "$work/entry"
    if [ "$count" -eq 2 ]; then
      cut_field "$work/entry" 2 "$work/entry_digest"
      if cmp -s "$work/entry_digest" "$work/signer_digest"; then found=good; fi
    fi
  done
  say "signer in the seal" "$found"
}

check_digest() {
  cut_field "$work/to_sign" 4 "$work/data_hash"
  openssl dgst -sm3 -binary -out "$work/digest" "$1"
  if cmp -s "$work/data_hash" "$work/digest"; then say "document digest" good
  else say "document digest" bad; fi
}

check_stamp() {
  cut_field "$1" 1 "$work/to_sign"
  count_fields "$1"
  if [ "$count" -eq 2 ]; then
    cut_field "$work/to_sign" 6 "$work/signer"
    cut_field "$1" 2 "$work/stamp_signature"
  else
    cut_field "$1" 2 "$work/signer"
    cut_field "$1" 4 "$work/stamp_signature"
  fi
  check_signature "stamp signature" "$work/signer" "$work/to_sign" "$work/stamp_signature"
  cut_field "$work/to_sign" 2 "$work/seal"
  check_seal "$work/seal"
  check_list "$work/signer"
  check_digest "$2"
}

case "${1:-} $#" in
  "seal 2") cp "$2" "$work/given" && check_seal "$work/given" ;;
  "stamp 3") cp "$2" "$work/given" && check_stamp "$work/given" "$3" ;;
  *) echo "usage: recipe.sh seal FILE | recipe.sh stamp FILE DOCUMENT" >&2; exit 2 ;;
esac
exit "$bad"
