type Version = [number, number, number]
type Comparison = { operator: string; version: Version; parts: number; prerelease: boolean }

const comparisonPattern =
  /^(=|!=|>=|<=|>|<|~>)?\s*v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/

/**
 * Reads a version constraint such as ">= 1.11, < 2".
 * https://developer.hashicorp.com/terraform/language/expressions/version-constraints
 * @returns undefined when it cannot be parsed
 */
export function readConstraint(text: string): Comparison[] | undefined {
  const comparisons = text.split(',').map((part) => readComparison(part.trim()))
  return comparisons.every((comparison) => comparison !== undefined) ? comparisons : undefined
}

function readComparison(text: string): Comparison | undefined {
  const found = comparisonPattern.exec(text)
  if (!found) return undefined
  const [, operator = '=', major = '0', minor, patch, prerelease] = found
  return {
    operator,
    version: [Number(major), Number(minor ?? 0), Number(patch ?? 0)],
    parts: patch !== undefined ? 3 : minor !== undefined ? 2 : 1,
    prerelease: prerelease !== undefined,
  }
}

/** Whether a release from `minimum` on meets the constraint, and whether one before it does. */
export function findAllowed(comparisons: Comparison[], minimum: Version): { since: boolean; before: boolean } {
  const bounds = comparisons.map(({ version }) => version)
  const around = bounds.flatMap(([major, minor, patch]): Version[] => [
    [major, minor, patch],
    [major, minor, patch + 1],
    [major, minor, Math.max(0, patch - 1)],
    [major, minor + 1, 0],
    [major, Math.max(0, minor - 1), 99],
    [major + 1, 0, 0],
  ])
  const candidates: Version[] = [...around, minimum, [minimum[0], minimum[1] - 1, 99], [1, 0, 0], [1, 999, 0]]
  const allowed = candidates.filter((candidate) => comparisons.every((comparison) => meets(candidate, comparison)))
  return {
    since: allowed.some((version) => compare(version, minimum) >= 0),
    before: allowed.some((version) => compare(version, minimum) < 0),
  }
}

function meets(candidate: Version, { operator, version, parts }: Comparison): boolean {
  const order = compare(candidate, version)
  switch (operator) {
    case '=':
      return order === 0
    case '!=':
      return order !== 0
    case '>':
      return order > 0
    case '>=':
      return order >= 0
    case '<':
      return order < 0
    case '<=':
      return order <= 0
    default:
      return order >= 0 && candidate.slice(0, Math.max(1, parts - 1)).every((part, index) => part === version[index])
  }
}

function compare(a: Version, b: Version): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2]
}
