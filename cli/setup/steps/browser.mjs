// @ts-check
import { aptInstall, which } from '../programs.mjs'

/** @type {import('../programs.mjs').Step} */
export const browser = {
  name: 'browser',
  optional: true,
  howTo: 'install Chromium; until then the tests of the page are skipped',
  async find() {
    return ['chromium', 'chromium-browser', 'google-chrome'].find((name) => which(name))
  },
  async install({ say }) {
    await aptInstall(['chromium'], "the app's page is tested in a browser", say)
  },
}
