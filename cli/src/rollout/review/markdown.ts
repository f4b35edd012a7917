import type { Difference } from '../../terraform/plan/differences.ts'
import { describeFailure, type LintResult } from '../../findings/finding.ts'
import type { DriftGroup } from '../../terraform/plan/group-drift.ts'
import type { ResourceChange } from '../../terraform/plan/read-plan.ts'
import type { Seal } from '../seal.ts'
import { fit, type Block } from './fit.ts'
import { isRevision, type ImageChange, type Review } from './review.ts'
import { describeImage, describeSpan, formatVerdict, signs } from './texts.ts'

/** What a comment on GitHub may have. */
const mostCharacters = 65_536
/** One resource's differences: a policy of a thousand lines is not to take the place of everything else. */
const mostOfOne = 8_000

/**
 * A plan for a pull request: what is lost and what is noticed first, every difference folded, the seal last. What is too
 * much for a comment is left out, the least important first, and counted.
 */
export function formatMarkdown(review: Review, sealed: { file: string; seal: Seal } | null, policies: LintResult | null = null, cost: string | null = null): string {
  const { resources, release, drift, outputs } = review
  const lost = resources.filter((each) => (each.action === 'destroy' || each.action === 'replace') && !isRevision(each))
  const blocks: Block[] = [
    { text: `### Plan for \`${release.tag}\`: ${formatVerdict(review)}`, weight: 100, what: 'verdict' },
    ...(cost === null ? [] : [{ text: `Cost: ${cost}.`, weight: 93, what: 'cost' }]),
    ...section('Destroyed or replaced', lost.map(formatLoss), 90, 'losses'),
    ...section('Policies', policies ? formatPolicies(policies) : [], 92, 'policy findings'),
    ...section('What will be noticed', review.notices.map(({ text, address, severity }) => `- ${severity === 'high' ? '⚠️ ' : ''}${text} ${code(address)}`), 80, 'notices'),
    ...section('Image', review.images.map(formatImage), 70, 'images'),
    ...section('Moved', review.moved.map(({ previousAddress, address }) => `- ${code(previousAddress ?? '')} → ${code(address)}`), 50, 'moves'),
    ...section('Imported', review.imported.map(({ address, importing }) => `- ${code(address)}${importing ? ` as ${code(importing)}` : ''}`), 50, 'imports'),
    ...section('No longer looked after', review.forgotten.map(({ address }) => `- ${code(address)}`), 60, 'resources no longer looked after'),
    ...section('Changed outside Terraform', drift.map(formatDrift), 40, 'changes made outside Terraform'),
    ...resources.filter(({ action }) => action !== 'none').map((each): Block => ({
      ...title('Differences'),
      text: fold(`${signs[each.action]} ${each.address}`, each.differences),
      weight: detailWeights[each.action],
      what: `differences (${each.action})`,
    })),
    ...outputs.map(({ name, differences }): Block => ({ ...title('Outputs'), text: fold(`~ ${name}`, differences), weight: 15, what: 'outputs' })),
    { title: 'Seal', text: sealed ? formatSeal(sealed.file, sealed.seal) : formatUnsealed(release.digest), weight: 95, what: 'seal' },
  ]
  return fit(blocks, mostCharacters)
}

const detailWeights: Record<ResourceChange['action'], number> = { destroy: 35, replace: 34, update: 30, forget: 20, create: 10, none: 0 }

const title = (name: string) => ({ title: name })

function section(name: string, texts: string[], weight: number, what: string): Block[] {
  return texts.map((text) => ({ title: name, text, weight, what }))
}

function formatLoss({ address, action, forcedBy }: ResourceChange): string {
  const why = forcedBy.length > 0 ? `: ${action === 'replace' ? 'forced by ' : ''}${forcedBy.map((each) => (action === 'replace' ? code(each) : each)).join(', ')}` : ''
  return `- ${code(`${signs[action]} ${address}`)}${why}`
}

/** What breaks a policy, and at which line; without a report nothing is known. */
function formatPolicies({ findings, failures }: LintResult): string[] {
  const broken = findings.map(({ severity, rule, file, line, message }) => `- ${severity === 'error' ? '⛔' : '⚠️'} ${escape(message)} ${code(rule)} ${code(`${file}:${line}`)}`)
  const unknown = failures.map((failure) => `- Not checked: ${escape(describeFailure(failure))}`)
  return [...broken, ...unknown, ...(broken.length + unknown.length === 0 ? ['- ✅ kept'] : [])]
}

function formatImage(change: ImageChange): string {
  const { container, from, to, commits } = change
  const images = [from && describeImage(from), to && describeImage(to)].filter((each) => each !== null).map(code).join(' → ')
  const span = describeSpan(change).map((line) => `  - ${line}`)
  return [`- ${code(container)}: ${images}`, ...span, ...(commits?.lines ?? []).map((line) => `  - ${escape(line)}`)].join('\n')
}

function formatDrift({ addresses, deleted, differences }: DriftGroup): string {
  const names = addresses.map(code).join(', ')
  return deleted ? `- deleted: ${names}` : `- ${names}\n${indent(diff(differences))}`
}

function fold(summary: string, differences: Difference[]): string {
  if (differences.length === 0) return `- ${code(summary)}`
  return `<details><summary><code>${html(summary)}</code></summary>\n\n${diff(differences)}\n\n</details>`
}

/** The differences as a diff, which GitHub colours; cut where one is too much. */
function diff(differences: Difference[]): string {
  const lines = differences.flatMap(({ path, before, after }) => [
    ...(before === null ? [] : [`- ${path} = ${before}`]),
    ...(after === null ? [] : [`+ ${path} = ${after}`]),
  ])
  const kept: string[] = []
  let length = 0
  for (const line of lines.map((each) => (each.length > 1000 ? `${each.slice(0, 1000)}…` : each))) {
    length += line.length + 1
    if (length > mostOfOne) break
    kept.push(line)
  }
  const cut = lines.length - kept.length
  const text = [...kept, ...(cut > 0 ? [`# ${cut} more lines`] : [])].join('\n')
  const fence = '`'.repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length + 1)))
  return `${fence}diff\n${text}\n${fence}`
}

function formatSeal(file: string, { context, created, release }: Seal): string {
  const { commit, account, region, backend, state, terraform } = context
  const facts = [
    commit && `commit ${code(commit)}`,
    `image ${code(release.digest)}`,
    `account ${code(account)} in ${code(region)}`,
    `state ${code(`s3://${backend.bucket}/${backend.key}`)}, serial ${state.serial}`,
    `${terraform.program} ${terraform.version}`,
    `made ${created}`,
  ]
  return `${facts.filter(Boolean).join(' · ')}\n\nApply exactly this:\n\n\`\`\`sh\nfargate-ctl deploy --plan ${file}\n\`\`\``
}

const formatUnsealed = (digest: string) => `Not sealed: \`fargate-ctl plan --out FILE\` keeps exactly this plan, for ${code(digest)}.`

const code = (text: string) => (text.includes('`') ? `<code>${html(text)}</code>` : `\`${text}\``)
const html = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
/** A commit's subject mentions nobody, links nothing and draws nothing. */
const escape = (text: string) => html(text).replaceAll(/[\\`*_[\]#~|!]/g, '\\$&').replaceAll('@', '@\u200b')
const indent = (text: string) => text.split('\n').map((line) => `  ${line}`).join('\n')
