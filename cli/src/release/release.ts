/** One image for good: what was built, what is deployed, and what has to serve at the end. */
export type Release = {
  /** The address, without a tag: `123456789012.dkr.ecr.eu-central-1.amazonaws.com/webapp`. */
  repository: string
  /** A name for people. */
  tag: string
  /** The image's identity: `sha256:` and 64 hex digits. */
  digest: string
  /** `linux/amd64` or `linux/arm64`; null where it is not known, as of a tag that somebody else may have pushed. */
  platform: string | null
  /** The application's own version; null where it names none. */
  version: string | null
  /** The commit it was built from, with `-dirty` where files were not committed; null where it is not known. */
  commit: string | null
}

/** `webapp` of `123456789012.dkr.ecr.eu-central-1.amazonaws.com/webapp`. */
export const repositoryName = ({ repository }: Pick<Release, 'repository'>): string => repository.slice(repository.indexOf('/') + 1)
