import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { pack } from 'tar-stream'
import { z } from 'zod'

/** A module, ready to be downloaded. */
export type PackedModule = {
  /** As main.tf names it: namespace/name/provider. */
  source: string
  version: string
  /** tar.gz; the same files give the same bytes. */
  archive: Buffer
}

const manifestName = 'modules.json'
const manifestSchema = z.record(z.string(), z.object({ source: z.string(), version: z.string() }))
type Manifest = z.infer<typeof manifestSchema>

/**
 * Packs every module that `<dir>/modules.json` names.
 * @param dir holds modules.json ({name: {source, version}}) and, for each name, a folder or `<name>.tar.gz`
 */
export async function packModules(dir: string): Promise<PackedModule[]> {
  const manifest = await readManifest(dir)
  return Promise.all(
    Object.entries(manifest).map(async ([name, { source, version }]) => {
      return { source, version, archive: await packModule(join(dir, name)) }
    }),
  )
}

/** Writes a folder of modules that hold in archives: `write` gets a module's name and the file to write. */
export async function writeArchives(
  dir: string,
  modules: { name: string; source: string; version: string }[],
  write: (name: string, file: string) => Promise<void>,
): Promise<void> {
  await mkdir(dir, { recursive: true })
  for (const { name } of modules) await write(name, archiveFile(join(dir, name)))
  const manifest: Manifest = Object.fromEntries(modules.map(({ name, source, version }) => [name, { source, version }]))
  await writeFile(join(dir, manifestName), JSON.stringify(manifest))
}

/**
 * The module registry protocol, as much of it as `terraform init` uses, for the modules of one folder alone (see
 * `packModules`). They are read at every request, so that an edit is served at once.
 * https://developer.hashicorp.com/terraform/internals/module-registry-protocol
 */
export function moduleRegistry(dir: string): Hono {
  const app = new Hono()
  const base = '/v1/modules/:namespace/:name/:provider'
  const find = async (params: Record<string, string>) => {
    const source = `${params.namespace}/${params.name}/${params.provider}`
    const found = Object.entries(await readManifest(dir)).find(([, module]) => module.source === source)
    if (!found || (params.version !== undefined && params.version !== found[1].version)) return undefined
    return { path: join(dir, found[0]), version: found[1].version }
  }
  app.get(`${base}/versions`, async (c) => {
    const module = await find(c.req.param())
    return module ? c.json({ modules: [{ versions: [{ version: module.version }] }] }) : c.notFound()
  })
  app.get(`${base}/:version/download`, async (c) => {
    if (!(await find(c.req.param()))) return c.notFound()
    return c.body(null, 204, { 'X-Terraform-Get': './archive.tar.gz' })
  })
  app.get(`${base}/:version/archive.tar.gz`, async (c) => {
    const module = await find(c.req.param())
    if (!module) return c.notFound()
    return c.body(new Uint8Array(await packModule(module.path)), 200, { 'Content-Type': 'application/gzip' })
  })
  return app
}

/**
 * Serves the modules of a folder on a free loopback port.
 * @returns `url`: the server's address, without a path
 */
export async function serveModuleRegistry(dir: string): Promise<{ url: string; close: () => Promise<void> }> {
  const app = moduleRegistry(dir)
  const { promise: listening, resolve, reject } = Promise.withResolvers<number>()
  const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => resolve(port))
  server.once('error', reject)
  const port = await listening
  const close = promisify(server.close.bind(server))
  return { url: `http://127.0.0.1:${port}`, close: async () => close() }
}

async function readManifest(dir: string): Promise<Manifest> {
  return manifestSchema.parse(JSON.parse(await readFile(join(dir, manifestName), 'utf8')))
}

const archiveFile = (path: string) => `${path}.tar.gz`

async function packModule(path: string): Promise<Buffer> {
  return readFile(archiveFile(path)).catch(() => packFolder(path))
}

async function packFolder(folder: string): Promise<Buffer> {
  const tar = pack()
  for (const file of await listFiles(folder)) {
    const name = relative(folder, file).replaceAll(sep, '/')
    tar.entry({ name, mode: 0o644, mtime: new Date(0) }, await readFile(file))
  }
  tar.finalize()
  return promisify(gzip)(await buffer(tar))
}

async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile() && !entry.parentPath.includes(`${sep}.terraform`))
  return files.map((entry) => join(entry.parentPath, entry.name)).sort()
}
