import { findElement, stringsIn, type ConfigurationFile } from './configuration-file.ts'
import type { Report } from './findings.ts'
import { evaluateConstant } from './hcl/evaluate.ts'
import type { Attribute } from './hcl/tree.ts'

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
export function checkSecrets({ source, body }: ConfigurationFile, report: Report): void {
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
  for (const attribute of body.attributes) checkNamed(attribute.name, attribute, warn)
  for (const { type, labels, body: inner } of body.blocks) {
    const fallback = type === 'variable' ? inner.attributes.find(({ name }) => name === 'default') : undefined
    if (fallback) checkNamed(labels[0] ?? '', fallback, warn)
  }
}

/** Values under a name such as db_password, and values that look like an AWS secret access key under any name. */
function checkNamed(name: string, { value }: Attribute, warn: (offset: number, what: string) => void): void {
  for (const { text, path } of stringsIn(evaluateConstant(value))) {
    const innermost = [name, ...path].findLast((step) => typeof step === 'string') ?? name
    const named =
      secretNames.some((pattern) => pattern.test(innermost)) &&
      !harmlessName.test(innermost) &&
      text.trim() !== '' &&
      !/^arn:/.test(text)
    const what = named ? `a secret in "${innermost}"` : isSecretAccessKey(text) ? 'an AWS secret access key' : undefined
    if (what) warn(findElement(value, path), what)
  }
}

function isSecretAccessKey(text: string): boolean {
  const mixed = /[A-Z]/.test(text) && /[a-z]/.test(text) && /\d/.test(text)
  return mixed && /^[A-Za-z0-9/+]{40}$/.test(text) && !/^[0-9a-fA-F]+$/.test(text)
}
