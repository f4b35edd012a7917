import { EvaluationError, unknown, type Value } from './values.ts'

type Range = { address: number; bits: number }

/** https://developer.hashicorp.com/terraform/language/functions/cidrhost, IPv4 only. */
export function cidrhost(prefix: string, host: number): Value {
  const range = readRange(prefix)
  if (range === unknown) return unknown
  const size = 2 ** (32 - range.bits)
  if (!Number.isInteger(host) || host >= size || host < -size) throw new EvaluationError('the range has no such host')
  return writeAddress(range.address + (host < 0 ? size + host : host))
}

/** https://developer.hashicorp.com/terraform/language/functions/cidrnetmask, which is for IPv4 alone. */
export function cidrnetmask(prefix: string): Value {
  if (prefix.includes(':')) throw new EvaluationError('IPv6 has no netmask')
  const range = readRange(prefix)
  return range === unknown ? unknown : writeAddress(2 ** 32 - 2 ** (32 - range.bits))
}

/** https://developer.hashicorp.com/terraform/language/functions/cidrsubnet, IPv4 only. */
export function cidrsubnet(prefix: string, newBits: number, network: number): Value {
  const range = readRange(prefix)
  if (range === unknown) return unknown
  const bits = range.bits + newBits
  if (!Number.isInteger(bits) || newBits < 0 || bits > 32) throw new EvaluationError('not enough address space')
  if (!Number.isInteger(network) || network < 0 || network >= 2 ** newBits) throw new EvaluationError('no such network')
  return `${writeAddress(range.address + network * 2 ** (32 - bits))}/${bits}`
}

/** The range's first address and its bits; `unknown` for IPv6 and for octets that start with 0. */
function readRange(prefix: string): Range | typeof unknown {
  if (prefix.includes(':')) return unknown
  const [, octets, bits] = /^((?:\d{1,3}\.){3}\d{1,3})\/(\d{1,2})$/.exec(prefix) ?? []
  if (octets === undefined || Number(bits) > 32) throw new EvaluationError('no range in CIDR notation')
  const parts = octets.split('.')
  if (parts.some((part) => part.length > 1 && part.startsWith('0'))) return unknown
  if (parts.some((part) => Number(part) > 255)) throw new EvaluationError('no address')
  const address = parts.reduce((total, part) => total * 256 + Number(part), 0)
  const size = 2 ** (32 - Number(bits))
  return { address: Math.floor(address / size) * size, bits: Number(bits) }
}

function writeAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.')
}
