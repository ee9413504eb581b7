/** Pages are called by their headings, not by their files. */
export function load(application) {
  application.converter.on('createDocument', (_, page) => {
    const [first] = page.content;
    page.name = /^# (.+)$/m.exec(first?.text ?? '')?.[1] ?? page.name;
  });
}
