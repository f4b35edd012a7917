/** Variables whose values are never printed, wherever a text comes from. */
const secretVariables = ['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN']
/** Shorter ones would take ordinary words with them. */
const shortestSecret = 8
const secrets = new Set<string>()

/** Keeps a secret out of everything that is printed from now on. */
export function hideSecret(secret: string): void {
  secrets.add(secret)
}

/** The text with every known secret replaced by ***. */
export function redact(text: string): string {
  const known = [...secrets, ...secretVariables.map((name) => process.env[name] ?? '')]
  return known.filter(({ length }) => length >= shortestSecret).reduce((safe, secret) => safe.replaceAll(secret, '***'), text)
}
