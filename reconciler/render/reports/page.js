"use strict";
(() => {
  const one = (id) => document.getElementById(id);
  const filters = one("filters");
  if (!filters) return;
  const fields = [...filters.querySelectorAll("input, select")].map((field) => field.id);
  const services = [...document.querySelectorAll(".service")].map((row) => ({
    row,
    head: [...row.querySelectorAll("summary, .inside > pre, .inside > .notes")]
      .map((each) => each.textContent)
      .join("\n")
      .toLowerCase(),
    parts: [...row.querySelectorAll(".difference")].map((part) => ({
      part,
      text: part.textContent.toLowerCase(),
      unit: part.parentElement,
    })),
  }));

  const choose = () => {
    const words = one("q").value.trim().toLowerCase();
    const chosen = fields
      .map((name) => [name, one(name).value.trim().toLowerCase()])
      .filter(([name, value]) => name !== "q" && value);
    let shown = 0;
    for (const { row, head, parts } of services) {
      const named = head.includes(words);
      let left = 0;
      for (const { part, text, unit } of parts) {
        const fits =
          chosen.every(([name, value]) => part.dataset[name] === value) &&
          (named || text.includes(words));
        part.hidden = !fits;
        left += fits;
        unit.hidden = ![...unit.querySelectorAll(".difference")].some((each) => !each.hidden);
      }
      const plain = !parts.length && !chosen.length && named;
      row.hidden = !left && !plain;
      shown += !row.hidden;
    }
    one("shown").textContent = `${shown} of ${services.length} shown`;
    one("none").hidden = shown > 0;
  };

  const read = () => {
    const given = new URLSearchParams(location.hash.slice(1));
    for (const name of fields) {
      const field = one(name);
      field.value = given.get(name) || "";
      if (field.selectedIndex === -1) field.value = "";
    }
    choose();
  };

  const changed = () => {
    const kept = new URLSearchParams();
    for (const name of fields) if (one(name).value) kept.set(name, one(name).value);
    history.replaceState(null, "", `#${kept}`);
    choose();
  };

  const fold = (open) => {
    for (const { row } of services) if (!row.hidden) row.open = open;
  };

  for (const name of fields) one(name).addEventListener("input", changed);
  one("unfold").addEventListener("click", () => fold(true));
  one("fold").addEventListener("click", () => fold(false));
  addEventListener("hashchange", read);
  addEventListener("beforeprint", () => fold(true));
  filters.hidden = false;
  read();
})();
