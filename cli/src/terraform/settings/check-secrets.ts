import type { Item } from './items.ts'
import type { ConfigurationFile } from './read-files.ts'
import type { Report } from './source.ts'

/** Texts that are secrets wherever they stand, comments included. */
const knownSecrets: [string, RegExp][] = [
  ['an AWS access key id', /(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Za-z0-9])/g],
  ['a private key', /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----/g],
  ['a GitHub token', /(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{82})(?![A-Za-z0-9])/g],
  ['a Slack token', /(?<![A-Za-z0-9])xox[abprs]-[A-Za-z0-9-]{10,}/g],
]
const secretNames = [
  /(?:^|_)(?:password|passwd|passphrase|pwd|secrets?|token|credentials?)(?:$|_)/i,
  /(?:^|_)(?:api|private|secret|access)_?key(?:$|_)/i,
]
const harmlessName = /_(?:arn|arns|id|ids|name|names|path|file|files|ttl|days|length|enabled|version|url)$/i
const fix = 'Remove it from the file and renew it: git remembers. Keep secrets in AWS Secrets Manager or SSM.'

/** Warns of secrets written into a file; never quotes one. */
export function checkSecrets({ source, items }: ConfigurationFile, report: Report): void {
  const found = new Set<number>()
  const warn = (offset: number, what: string) => {
    const { line } = source.place(offset)
    if (found.has(line)) return
    found.add(line)
    report('secrets/literal', { source, offset }, `This looks like ${what}.`, fix, 'warning')
  }
  for (const [what, pattern] of knownSecrets) {
    for (const { index } of source.text.matchAll(pattern)) warn(index, what)
  }
  for (const item of items) checkItem(item, item.name, warn)
}

/** Values under a name such as db_password, and values that look like an AWS secret access key under any name. */
function checkItem({ name, labels, text, valueStart, items }: Item, parent: string, warn: (offset: number, what: string) => void): void {
  // A variable's default is a value of the variable.
  const called = name === 'default' ? parent : name
  const isSecret = secretNames.some((pattern) => pattern.test(called)) && !harmlessName.test(called)
  const what = isSecret ? `a secret in "${called}"` : isSecretAccessKey(text ?? '') ? 'an AWS secret access key' : undefined
  if (what && text !== undefined && text.trim() !== '' && !text.startsWith('arn:')) warn(valueStart, what)
  for (const item of items) checkItem(item, labels[0] ?? called, warn)
}

function isSecretAccessKey(text: string): boolean {
  const mixed = /[A-Z]/.test(text) && /[a-z]/.test(text) && /\d/.test(text)
  return mixed && /^[A-Za-z0-9/+]{40}$/.test(text) && !/^[0-9a-fA-F]+$/.test(text)
}
