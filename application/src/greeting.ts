/** What the page says. Change it, run `npm run rehearse`, and the new text is served. */
export const greeting = 'Hello, everyone!'
