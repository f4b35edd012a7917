import type { Colors } from '../../platform/terminal/colors.ts'
import type { Difference } from '../../terraform/plan/differences.ts'
import type { DriftGroup } from '../../terraform/plan/group-drift.ts'
import type { Action, ResourceChange } from '../../terraform/plan/read-plan.ts'
import { isRevision, type ImageChange, type Review } from './review.ts'
import { describeImage, describeSpan, formatVerdict, signs } from './texts.ts'

/** A plan for a terminal: the verdict, then what is lost, what is noticed, and every difference. */
export function formatReview(review: Review, colors: Colors): string {
  const { bold, red, yellow, green } = colors
  const paint = { high: red, medium: yellow, low: green, none: green }[review.risk]
  const lost = review.resources.filter((each) => (each.action === 'destroy' || each.action === 'replace') && !isRevision(each))
  const changed = review.resources.filter(({ action }) => action !== 'none')
  const sections: [string, string[]][] = [
    ['Destroyed or replaced', lost.map((each) => formatLoss(each, colors))],
    ['What will be noticed', review.notices.map(({ address, text, severity }) => `${{ high: red, medium: yellow }[severity](text)} ${colors.dim(address)}`)],
    ['Image', review.images.flatMap((each) => formatImage(each))],
    ['Moved', review.moved.map(({ previousAddress, address }) => `${previousAddress} → ${address}`)],
    ['Imported', review.imported.map(({ address, importing }) => `${address} ${colors.dim(importing ?? '')}`)],
    ['No longer looked after', review.forgotten.map(({ address }) => address)],
    ['Changed outside Terraform', formatDrift(review.drift, colors)],
    ['Differences', changed.flatMap((each) => formatResource(each, colors))],
    ['Outputs', review.outputs.flatMap(({ differences }) => differences.map((each) => formatDifference(each, colors)))],
  ]
  const shown = sections.filter(([, lines]) => lines.length > 0).flatMap(([title, lines]) => ['', bold(title), ...lines.map((line) => `  ${line}`)])
  return [paint(bold(formatVerdict(review))), ...shown].join('\n')
}

/** Changes made outside Terraform, each kind once. */
export function formatDrift(groups: DriftGroup[], colors: Colors): string[] {
  return groups.flatMap(({ addresses, deleted, differences }) => [
    deleted ? `${colors.red('deleted')} ${addresses.join(', ')}` : addresses.join(', '),
    ...(deleted ? [] : differences.map((each) => `  ${formatDifference(each, colors)}`)),
  ])
}

function formatLoss({ address, action, forcedBy }: ResourceChange, { red, dim }: Colors): string {
  const why = forcedBy.length > 0 ? dim(` ${action === 'replace' ? 'forced by' : 'because:'} ${forcedBy.join(', ')}`) : ''
  return `${red(`${signs[action]} ${address}`)}${why}`
}

function formatImage(change: ImageChange): string[] {
  const { container, from, to, commits } = change
  const old = from ? `${describeImage(from)} → ` : 'new: '
  return [`${container}: ${old}${to ? describeImage(to) : 'none'}`, ...describeSpan(change).map((line) => `  ${line}`), ...(commits?.lines ?? []).map((line) => `  ${line}`)]
}

function formatResource({ address, action, differences }: ResourceChange, colors: Colors): string[] {
  const paint: Record<Action, (text: string) => string> = { create: colors.green, update: colors.yellow, replace: colors.red, destroy: colors.red, forget: colors.dim, none: colors.dim }
  // What a new resource is made of stands in the configuration.
  const shown = action === 'create' ? [] : differences
  return [paint[action](`${signs[action]} ${address}`), ...shown.map((each) => `    ${formatDifference(each, colors)}`)]
}

function formatDifference({ path, before, after }: Difference, { red, green, dim }: Colors): string {
  if (before === null) return `${green('+')} ${path} ${after}`
  if (after === null) return `${red('-')} ${path} ${before}`
  return `${path} ${before} ${dim('→')} ${after}`
}
