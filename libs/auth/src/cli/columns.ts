/**
 * Lines of cells in columns that are as wide as they need to be.
 *
 * Characters that steer a terminal are shown as `�`: a cell may hold what a stranger sent, such as the name of a device.
 */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const shown = rows.map((cells) => cells.map((cell) => cell.replaceAll(/\p{C}/gu, '\ufffd')));
  const widths = (shown[0] ?? []).map((_, column) => Math.max(...shown.map((cells) => cells[column]!.length)));
  return shown.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
}
