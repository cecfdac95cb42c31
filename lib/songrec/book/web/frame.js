/* What is wider than its place can be moved by the keyboard as well, and says so. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  // The theme's toggles of the contents have a picture and no words.
  for (const toggle of document.querySelectorAll("nav summary:not([aria-label])")) {
    const link = toggle.closest("li")?.querySelector("a")?.textContent.trim();
    if (!toggle.textContent.trim()) toggle.setAttribute("aria-label", `Pages below: ${link || "this one"}`);
  }

  const boxes = ".pst-scrollable-table-container, .cell_output > .output, .cell_output div[style*='overflow-x'], .bd-article div.highlight pre";
  const watched = [...document.querySelectorAll(boxes)];
  const name = (box) => {
    const caption = box.querySelector("caption .caption-text, caption")?.textContent.trim();
    return caption || (box.querySelector("table") ? "Table" : box.querySelector("img, svg") ? "Figure" : "Code");
  };
  const look = () => {
    for (const box of watched) {
      const wide = box.scrollWidth > box.clientWidth + 1 && getComputedStyle(box).overflowX !== "visible";
      box.classList.toggle("can-scroll", wide);
      box.classList.toggle("at-end", box.scrollLeft + box.clientWidth >= box.scrollWidth - 1);
      if (wide) {
        box.tabIndex = 0;
        box.setAttribute("role", "region");
        box.setAttribute("aria-label", `${name(box)} (can be scrolled sideways)`);
      } else {
        for (const attribute of ["tabindex", "role", "aria-label"]) box.removeAttribute(attribute);
      }
    }
  };
  for (const box of watched) box.addEventListener("scroll", look, { passive: true });
  window.addEventListener("resize", look);
  window.addEventListener("load", look);
  look();
});
