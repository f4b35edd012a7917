import { existsSync, rmSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { chromium, type Page } from 'playwright-core'
import t from 'tap'
import { bundle, start } from './support/server.ts'

const browser = (process.env.PATH ?? '')
  .split(delimiter)
  .flatMap((folder) => ['chromium', 'chromium-browser', 'google-chrome'].map((name) => join(folder, name)))
  .find((path) => existsSync(path))

/** Relative luminance and contrast as https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio defines them. */
function contrast(a: string, b: string): number {
  const luminance = (color: string) => {
    const [red = 0, green = 0, blue = 0] = (color.match(/\d+/g) ?? []).map((part) => {
      const share = Number(part) / 255
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y)
  return (light + 0.05) / (dark + 0.05)
}

const colorOf = (page: Page, selector: string, property: string) =>
  page.locator(selector).first().evaluate((element, name) => getComputedStyle(element).getPropertyValue(name), property)

t.test('the page in a browser', { skip: browser ? false : 'no Chromium on PATH' }, async (t) => {
  const folder = bundle()
  const server = await start(folder, { APP_VERSION: '1.0.0', IMAGE_TAG: '910c38de583bff05', APP_ENV: 'dev', AWS_REGION: 'eu-central-1' })
  const chrome = await chromium.launch({
    executablePath: browser ?? '',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  })
  t.teardown(async () => {
    await chrome.close()
    server.child.kill('SIGKILL')
    rmSync(folder, { recursive: true })
  })
  const backgrounds: string[] = []
  for (const colorScheme of ['light', 'dark'] as const) {
    await t.test(colorScheme, async (t) => {
      const page = await chrome.newPage({ colorScheme, viewport: { width: 1000, height: 640 } })
      const complaints: string[] = []
      page.on('console', (message) => complaints.push(message.text()))
      page.on('requestfailed', (request) => complaints.push(request.url()))
      await page.goto(server.url)
      t.equal(await page.locator('h1').textContent(), 'Hello, everyone!')
      t.equal(await page.locator('dl > div').count(), 5)
      t.same(complaints, [], 'nothing is blocked, nothing fails')
      const [ink, paper, label, card] = await Promise.all([
        colorOf(page, 'body', 'color'),
        colorOf(page, 'body', 'background-color'),
        colorOf(page, 'dt', 'color'),
        colorOf(page, 'dl', 'background-color'),
      ])
      t.ok(contrast(ink, paper) >= 7, 'text can be read')
      t.ok(contrast(label, card) >= 4.5, 'labels can be read')
      backgrounds.push(paper)
      await page.setViewportSize({ width: 320, height: 640 })
      t.equal(await page.evaluate('document.documentElement.scrollWidth'), 320, 'fits a small phone')
      if (process.env.SCREENSHOTS) {
        await page.setViewportSize({ width: 1000, height: 640 })
        await page.screenshot({ path: join(process.env.SCREENSHOTS, `page-${colorScheme}.png`) })
      }
      await page.close()
    })
  }
  t.not(backgrounds[0], backgrounds[1], 'light and dark differ')
})
